import { Paper, Skeleton, Table, Text, Title, VisuallyHidden } from "@mantine/core";
import { lazy, Suspense } from "react";
import { count } from "~/ui/words";
import type { PermissionObjectsQuery } from "./objects.generated";

export type HealthDays = NonNullable<PermissionObjectsQuery["integration"]>["permissionHealth"];

const HealthChart = lazy(() => import("./HealthChart"));

/** HealthCard is the history of access as a picture, and as a table for those who listen. */
export function HealthCard({ days }: { days: HealthDays }) {
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="health">
      <Title order={2} id="health">
        Permission health
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {summary(days)} Objects and standardized fields are counted; a field that only its object takes down is not.
      </Text>
      {days.length > 1 && (
        <div aria-hidden>
          <Suspense fallback={<Skeleton height={200} />}>
            <HealthChart days={days} />
          </Suspense>
        </div>
      )}
      <VisuallyHidden>
        <Table>
          <Table.Caption>Objects and standardized fields without access, day by day</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Day</Table.Th>
              <Table.Th>Lost at its end</Table.Th>
              <Table.Th>Lost during it</Table.Th>
              <Table.Th>Restored during it</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {days.map((day) => (
              <Table.Tr key={day.date}>
                <Table.Td>{day.date}</Table.Td>
                <Table.Td>{day.lost}</Table.Td>
                <Table.Td>{day.lostDuring}</Table.Td>
                <Table.Td>{day.restoredDuring}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </VisuallyHidden>
    </Paper>
  );
}

function summary(days: HealthDays): string {
  const lost = days.reduce((sum, day) => sum + day.lostDuring, 0);
  const restored = days.reduce((sum, day) => sum + day.restoredDuring, 0);
  const now = days.at(-1)?.lost ?? 0;
  const present = now === 0 ? "Nothing is lost now." : `${now.toLocaleString()} lost now.`;
  if (days.length < 2) return `${present} The history begins today.`;
  if (lost + restored === 0) return `${present} Nothing changed in the last ${days.length} days.`;
  return `${present} In the last ${count(days.length, "day")}, ${lost} lost and ${restored} restored.`;
}
