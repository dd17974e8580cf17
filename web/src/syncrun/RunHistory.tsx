import { Anchor, Paper, Stack, Table, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { Link } from "react-router";
import { Pages } from "~/alert/Pages";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { WideTable } from "~/ui/WideTable";
import type { RunsQuery } from "./runs.generated";
import { CodeLink, countWords, dayWords, kindWords, RunStatus, took } from "./words";

type Runs = NonNullable<NonNullable<RunsQuery["integration"]>["runs"]>;

/** RunHistory lists the runs, newest first. */
export function RunHistory({ runs, integrationId }: { runs: Runs; integrationId: string }) {
  const rows = (runs.edges ?? []).flatMap((edge) => edge?.node ?? []);
  if (rows.length === 0)
    return (
      <Empty icon={IconHistory} title="No run yet">
        The first one starts when the onboarding is finished, then one each day. Run now starts one by hand.
      </Empty>
    );
  return (
    <Stack>
      <Paper withBorder px="md" py="xs">
        <WideTable label="Runs" minWidth={860}>
          <Table verticalSpacing="xs" highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Run</Table.Th>
                <Table.Th>Status</Table.Th>
                <Table.Th>Started</Table.Th>
                <Table.Th>Took</Table.Th>
                <Table.Th>Records</Table.Th>
                <Table.Th ta="right" style={{ whiteSpace: "nowrap" }}>
                  CRM calls
                </Table.Th>
                <Table.Th w="28%">Problem</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((run) => (
                <Table.Tr key={run.id} style={{ verticalAlign: "top" }}>
                  <Table.Th scope="row" fw={400}>
                    <Anchor
                      component={Link}
                      to={`/integrations/${integrationId}/runs/${run.id}`}
                      size="sm"
                      fw={600}
                      style={{ whiteSpace: "nowrap" }}
                    >
                      {dayWords(run.localDate)}
                    </Anchor>
                    <Text size="xs" c="dimmed">
                      {kindWords[run.kind]}
                    </Text>
                  </Table.Th>
                  <Table.Td>
                    <RunStatus run={run} />
                  </Table.Td>
                  <Table.Td>
                    <Ago at={run.startedAt} none="not yet" />
                  </Table.Td>
                  <Table.Td style={{ whiteSpace: "nowrap" }}>{took(run)}</Table.Td>
                  <Table.Td>{countWords(run.counters)}</Table.Td>
                  <Table.Td ta="right">{run.crmCalls.toLocaleString()}</Table.Td>
                  <Table.Td>
                    {run.reason && (
                      <Text size="sm" lineClamp={3} style={{ overflowWrap: "anywhere" }}>
                        {run.reason}
                      </Text>
                    )}
                    {run.problem && <CodeLink code={run.problem.code} />}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      </Paper>
      <Pages next={runs.pageInfo.hasNextPage ? runs.pageInfo.endCursor : null} />
    </Stack>
  );
}
