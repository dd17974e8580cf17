import "@mantine/charts/styles.css";
import { AreaChart } from "@mantine/charts";
import type { VolumeDays } from "./VolumeCard";

const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const compact = new Intl.NumberFormat(undefined, { notation: "compact" });

/** The picture of what was synced; loaded when it is shown, since charts are heavy. */
export default function VolumeChart({ days }: { days: VolumeDays }) {
  return (
    <AreaChart
      h={220}
      data={days.map((day) => ({ ...day, day: short.format(new Date(`${day.date}T00:00:00Z`)) }))}
      dataKey="day"
      series={[
        { name: "read", label: "Read", color: "blue.6" },
        { name: "created", label: "Created", color: "brand.6" },
        { name: "updated", label: "Updated", color: "grape.6" },
        { name: "failed", label: "Failed", color: "red.6" },
      ]}
      curveType="linear"
      withDots={false}
      withGradient={false}
      fillOpacity={0.12}
      withLegend
      legendProps={{ verticalAlign: "bottom", height: 32 }}
      valueFormatter={(value) => value.toLocaleString()}
      yAxisProps={{
        allowDecimals: false,
        width: 44,
        tickFormatter: (value: number) => compact.format(value),
        domain: [0, (most: number) => Math.max(most, 1)],
      }}
      tickLine="none"
      gridAxis="y"
      areaChartProps={{ accessibilityLayer: false }}
    />
  );
}
