import { Checkbox, Group, NativeSelect, Paper, Stack, Table, Text } from "@mantine/core";
import { IconCircleCheck, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { Pages } from "~/alert/Pages";
import { useCommand } from "~/api/command";
import { Guarded } from "~/integration/Guarded";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { CommandProblems } from "~/ui/Notice";
import { WideTable } from "~/ui/WideTable";
import { count } from "~/ui/words";
import { type RunsQuery, RunsRetryFailedDocument, type RunsRetryFailedMutation } from "./runs.generated";
import { CodeLink } from "./words";

type Failed = NonNullable<NonNullable<RunsQuery["integration"]>["failedRecords"]>;

const pick = (data: RunsRetryFailedMutation) => data.retryFailedRecords;

/** FailedRecords are records that the CRM has and that could not be stored; they can be tried again. */
export function FailedRecords({
  failed,
  integrationId,
  objects,
  object,
  active,
  onObject,
}: {
  failed: Failed;
  integrationId: string;
  /** Names of the objects to choose from. */
  objects: readonly string[];
  object: string;
  active: boolean;
  onObject(name: string): void;
}) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const command = useCommand(RunsRetryFailedDocument, pick);
  const navigate = useNavigate();
  const rows = (failed.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const here = rows.filter(({ id }) => chosen.has(id));
  const retry = async () => {
    const { ok, payload } = await command.run({
      integrationId,
      objects: here.length === 0 && object ? [object] : null,
      failedRecordIds: here.length > 0 ? here.map(({ id }) => id) : null,
    });
    if (ok && payload?.run) navigate(`/integrations/${integrationId}/runs/${payload.run.id}`);
  };
  const toggle = (ids: readonly string[], on: boolean) => {
    const next = new Set(chosen);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    setChosen(next);
  };
  const every = here.length === rows.length;
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={760}>
        Each run tries up to 200 of them of an object again by itself, those first that failed longest ago. Trying again
        by hand starts a manual run for 2,000 at most. A record leaves the list when it is stored, or when the CRM has
        it no more.
      </Text>
      <Group align="flex-end" justify="space-between">
        <NativeSelect
          label="Object"
          value={object}
          onChange={(event) => onObject(event.currentTarget.value)}
          data={[{ value: "", label: "All objects" }, ...objects]}
        />
        {rows.length > 0 && (
          <Guarded
            scope="OPERATE"
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={command.busy}
            disabled={active}
            onClick={retry}
          >
            {here.length > 0
              ? `Try ${count(here.length, "record")} again`
              : object
                ? `Try all of ${object} again`
                : "Try all again"}
          </Guarded>
        )}
      </Group>
      {active && rows.length > 0 && (
        <Text size="sm">A run is under way. Records can be tried again when it has ended.</Text>
      )}
      <CommandProblems outcome={command.outcome} />
      {rows.length === 0 ? (
        <Empty icon={IconCircleCheck} title={object ? `No record of ${object} failed` : "No record failed"}>
          What the CRM has and could be read is stored.
        </Empty>
      ) : (
        <Paper withBorder px="md" py="xs">
          <WideTable label="Failed records" minWidth={720}>
            <Table verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w={40}>
                    <Checkbox
                      aria-label="Choose all on this page"
                      checked={every}
                      indeterminate={here.length > 0 && !every}
                      onChange={(event) =>
                        toggle(
                          rows.map(({ id }) => id),
                          event.currentTarget.checked,
                        )
                      }
                    />
                  </Table.Th>
                  <Table.Th>Record</Table.Th>
                  <Table.Th>Problem</Table.Th>
                  <Table.Th ta="right">Attempts</Table.Th>
                  <Table.Th>First failed</Table.Th>
                  <Table.Th>Last failed</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row) => (
                  <Table.Tr key={row.id} style={{ verticalAlign: "top" }}>
                    <Table.Td>
                      <Checkbox
                        aria-label={`Choose ${row.objectName} ${row.recordId}`}
                        checked={chosen.has(row.id)}
                        onChange={(event) => toggle([row.id], event.currentTarget.checked)}
                      />
                    </Table.Td>
                    <Table.Th scope="row" fw={600} style={{ overflowWrap: "anywhere" }}>
                      {row.objectName}
                      <Text size="xs" ff="monospace" fw={400}>
                        {row.recordId}
                      </Text>
                    </Table.Th>
                    <Table.Td>
                      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                        {row.problem.message}
                      </Text>
                      {row.problem.hint && row.problem.hint !== row.problem.message && (
                        <Text size="sm" c="dimmed">
                          {row.problem.hint}
                        </Text>
                      )}
                      <CodeLink code={row.problem.code} />
                    </Table.Td>
                    <Table.Td ta="right">{row.attempts.toLocaleString()}</Table.Td>
                    <Table.Td>
                      <Ago at={row.createdAt} />
                    </Table.Td>
                    <Table.Td>
                      <Ago at={row.lastSeenAt} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
        </Paper>
      )}
      <Pages next={failed.pageInfo.hasNextPage ? failed.pageInfo.endCursor : null} />
    </Stack>
  );
}
