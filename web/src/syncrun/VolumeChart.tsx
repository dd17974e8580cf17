import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import type { VolumeDays } from "./VolumeCard";

const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const compact = new Intl.NumberFormat(undefined, { notation: "compact" });

/** The picture of what was synced; loaded when it is shown, since charts are heavy. */
export default function VolumeChart({ days }: { days: VolumeDays }) {
  return (
    <BarChart
      h={240}
      type="stacked"
      data={days.map(({ date, read, created, updated, failed }) => ({
        day: short.format(new Date(`${date}T00:00:00Z`)),
        created,
        updated,
        failed,
        // A bar is as high as what was read that day.
        same: Math.max(0, read - created - updated - failed),
      }))}
      dataKey="day"
      series={[
        { name: "created", label: "New", color: "brand.6" },
        { name: "updated", label: "Changed", color: "blue.6" },
        { name: "same", label: "Unchanged", color: "gray.5" },
        { name: "failed", label: "Failed", color: "red.6" },
      ]}
      withLegend
      legendProps={{ verticalAlign: "bottom" }}
      valueFormatter={(value) => value.toLocaleString()}
      yAxisProps={{
        allowDecimals: false,
        width: 44,
        tickFormatter: (value: number) => compact.format(value),
        domain: [0, (most: number) => Math.max(most, 1)],
      }}
      tickLine="none"
      maxBarWidth={24}
      barChartProps={{ accessibilityLayer: false }}
    />
  );
}
