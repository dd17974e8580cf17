import { Progress, Stack, Table, Text } from "@mantine/core";
import { Ago } from "~/ui/Ago";
import { duration } from "~/ui/time";
import { WideTable } from "~/ui/WideTable";
import { timeLeft } from "./left";
import type { RunObjectRowFragment } from "./runs.generated";
import type { Rate } from "./useRate";
import { CodeLink, countWords, ObjectStatus, took } from "./words";

/**
 * ObjectTable is how a run fares with each object. before tells how much an earlier run read of
 * an object, where there was a like one.
 */
export function ObjectTable({
  objects,
  rate,
  before,
}: {
  objects: readonly RunObjectRowFragment[];
  rate: Rate | null;
  before?: (object: RunObjectRowFragment) => number | null;
}) {
  if (objects.length === 0)
    return (
      <Text size="sm" c="dimmed">
        The run has not come to its objects yet.
      </Text>
    );
  return (
    <WideTable label="Objects of the run" minWidth={640}>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Object</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Records</Table.Th>
            <Table.Th>Time</Table.Th>
            <Table.Th ta="right">CRM calls</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {objects.map((object) => (
            <Table.Tr key={object.id} style={{ verticalAlign: "top" }}>
              <Table.Th scope="row" fw={600}>
                {object.name}
                {object.phase === "ONBOARDING" && (
                  <Text size="xs" c="dimmed" fw={400}>
                    All history
                  </Text>
                )}
              </Table.Th>
              <Table.Td>
                <ObjectStatus status={object.status} />
              </Table.Td>
              <Table.Td>
                <Stack gap={2}>
                  <Text size="sm">{object.status === "PENDING" ? "–" : countWords(object.counters)}</Text>
                  {object.reason && (
                    <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                      {object.reason}
                    </Text>
                  )}
                  {object.problem && <CodeLink code={object.problem.code} />}
                </Stack>
              </Table.Td>
              <Table.Td>
                <Pace
                  object={object}
                  perSecond={rate?.object === object.name ? rate.perSecond : null}
                  before={before?.(object) ?? null}
                />
              </Table.Td>
              <Table.Td ta="right">{object.crmCalls.toLocaleString()}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}

function Pace({
  object,
  perSecond,
  before,
}: {
  object: RunObjectRowFragment;
  perSecond: number | null;
  before: number | null;
}) {
  if (object.finishedAt)
    return (
      <Text size="sm" c="dimmed">
        {object.startedAt && object.startedAt === object.finishedAt ? "in one step" : took(object)}
      </Text>
    );
  if (object.status !== "RUNNING") return <Text size="sm">–</Text>;
  const { read } = object.counters;
  const left = timeLeft(read, before, perSecond);
  return (
    <Stack gap={2}>
      <Text size="sm">
        {perSecond === null ? (
          <>
            Began <Ago at={object.startedAt} />
          </>
        ) : (
          `${perSecond.toLocaleString(undefined, { maximumFractionDigits: perSecond < 10 ? 1 : 0 })} records/s`
        )}
      </Text>
      {before !== null && read < before && (
        <>
          <Progress value={(read * 100) / before} size="sm" aria-label={`${object.name}: against the last run`} />
          <Text size="xs" c="dimmed">
            {left !== null && `about ${duration(left)} left `}
            {left !== null ? "if" : "The last run read"}
            {left !== null ? ` it is as much as last time, ${before.toLocaleString()}` : ` ${before.toLocaleString()}`}
          </Text>
        </>
      )}
    </Stack>
  );
}
