import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import type { HealthDays } from "./HealthCard";

const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

/** The picture of the history; loaded when it is shown, since charts are heavy. */
export default function HealthChart({ days }: { days: HealthDays }) {
  return (
    <BarChart
      h={200}
      data={days.map((day) => ({ ...day, day: short.format(new Date(`${day.date}T00:00:00Z`)) }))}
      dataKey="day"
      series={[{ name: "lost", label: "Lost at the end of the day", color: "red.6" }]}
      withLegend
      legendProps={{ verticalAlign: "bottom", height: 32 }}
      yAxisProps={{ allowDecimals: false, width: 32, domain: [0, (most: number) => Math.max(most, 1)] }}
      tickLine="none"
      gridAxis="x"
      barChartProps={{ accessibilityLayer: false }}
      maxBarWidth={24}
    />
  );
}
