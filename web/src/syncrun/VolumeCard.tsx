import { Paper, Skeleton, Table, Text, Title, VisuallyHidden } from "@mantine/core";
import { lazy, Suspense } from "react";
import { count } from "~/ui/words";
import type { RunsQuery } from "./runs.generated";

export type VolumeDays = NonNullable<RunsQuery["integration"]>["syncVolume"];

const VolumeChart = lazy(() => import("./VolumeChart"));

const columns = [
  ["Runs", "runs"],
  ["Read", "read"],
  ["Created", "created"],
  ["Updated", "updated"],
  ["Deleted", "deleted"],
  ["Failed", "failed"],
] as const;

/** VolumeCard is what runs moved each day as a picture, and as a table for those who listen. */
export function VolumeCard({ days, zone }: { days: VolumeDays; zone: string }) {
  const moved = days.some((day) => day.runs > 0);
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="volume">
      <Title order={2} id="volume">
        Sync volume
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {summary(days)} Days are those of {zone}.
      </Text>
      {moved && (
        <>
          <div aria-hidden>
            <Suspense fallback={<Skeleton height={240} />}>
              <VolumeChart days={days} />
            </Suspense>
          </div>
          <VisuallyHidden>
            <Table>
              <Table.Caption>Records that runs moved, day by day</Table.Caption>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Day</Table.Th>
                  {columns.map(([title]) => (
                    <Table.Th key={title}>{title}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {days.map((day) => (
                  <Table.Tr key={day.date}>
                    <Table.Td>{day.date}</Table.Td>
                    {columns.map(([title, key]) => (
                      <Table.Td key={title}>{day[key].toLocaleString()}</Table.Td>
                    ))}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </VisuallyHidden>
        </>
      )}
    </Paper>
  );
}

function summary(days: VolumeDays): string {
  const sum = (key: "runs" | "read" | "created" | "updated" | "deleted" | "failed") =>
    days.reduce((total, day) => total + day[key], 0);
  if (sum("runs") === 0) return `No run in the last ${days.length} days.`;
  const deleted = sum("deleted") > 0 ? `, ${sum("deleted").toLocaleString()} deleted` : "";
  const failed = sum("failed") > 0 ? `, ${sum("failed").toLocaleString()} failed` : "";
  return `In the last ${days.length} days, ${count(sum("runs"), "run")} read ${count(sum("read"), "record")}: ${sum("created").toLocaleString()} created, ${sum("updated").toLocaleString()} updated${deleted}${failed}.`;
}
