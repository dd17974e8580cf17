import { Badge, Button, Group, Paper, Radio, Stack, Table, Text, Title } from "@mantine/core";
import { IconCamera } from "@tabler/icons-react";
import { useCallback } from "react";
import { useSearchParams } from "react-router";
import { useClient } from "urql";
import { useScreen } from "~/api/query";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Loaded } from "~/ui/Page";
import { WideTable } from "~/ui/WideTable";
import { count } from "~/ui/words";
import {
  PermissionSnapshotsAfterDocument,
  type PermissionSnapshotsFragment,
  PermissionSnapshotsTabDocument,
  type PermissionSnapshotsTabQuery,
} from "./history.generated";
import { NoSuchIntegration } from "./NoSuchIntegration";
import { OlderButton } from "./OlderButton";
import { SnapshotDiff } from "./SnapshotDiff";
import { useMore } from "./useMore";
import { triggerWords } from "./words";

/** SnapshotsTab is what checks saw, and what lies between two of them. */
export function SnapshotsTab({ integrationId }: { integrationId: string }) {
  const [params, setParams] = useSearchParams();
  const from = params.get("from") ?? "";
  const to = params.get("to") ?? "";
  const compare = from !== "" && to !== "" && from !== to;
  const screen = useScreen(
    PermissionSnapshotsTabDocument,
    { id: integrationId, from, to, compare },
    { kinds: ["permission", "check"], integrationId },
  );
  const choose = (nextFrom: string, nextTo: string) =>
    setParams(
      { tab: "snapshots", ...(nextFrom ? { from: nextFrom } : {}), ...(nextTo ? { to: nextTo } : {}) },
      { replace: true },
    );
  return (
    <Loaded screen={screen}>
      {({ integration, permissionDiff }) =>
        integration ? (
          <Listed
            integrationId={integration.id}
            first={integration.permissionSnapshots}
            diff={compare ? (permissionDiff ?? null) : null}
            from={from}
            to={to}
            onChoose={choose}
          />
        ) : (
          <NoSuchIntegration />
        )
      }
    </Loaded>
  );
}

function Listed({
  integrationId,
  first,
  diff,
  from,
  to,
  onChoose,
}: {
  integrationId: string;
  first: PermissionSnapshotsFragment;
  diff: NonNullable<PermissionSnapshotsTabQuery["permissionDiff"]> | null;
  from: string;
  to: string;
  onChoose(from: string, to: string): void;
}) {
  const client = useClient();
  const ask = useCallback(
    async (after: string) => {
      const { data } = await client.query(PermissionSnapshotsAfterDocument, { id: integrationId, after });
      return data?.integration?.permissionSnapshots;
    },
    [client, integrationId],
  );
  const list = useMore(integrationId, first, ask);
  if (list.total === 0)
    return (
      <Empty icon={IconCamera} title="There is no snapshot yet">
        Each check that sees something new adds one.
      </Empty>
    );
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        A check that saw something new added a snapshot; one that saw the same is counted with it. Choose an earlier and
        a later one to see what lies between them.
      </Text>
      <Paper withBorder>
        <WideTable label="Snapshots" minWidth={980}>
          <Table verticalSpacing={8} fz="sm" aria-label="Snapshots">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Earlier</Table.Th>
                <Table.Th>Later</Table.Th>
                <Table.Th>First seen</Table.Th>
                <Table.Th>Last seen</Table.Th>
                <Table.Th>Checks</Table.Th>
                <Table.Th>Made by</Table.Th>
                <Table.Th>Read as</Table.Th>
                <Table.Th>
                  <span>Compare</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.nodes.map((snapshot, index) => {
                const before = list.nodes[index + 1];
                const name = `Snapshot of ${new Date(snapshot.createdAt).toLocaleString()}`;
                return (
                  <Table.Tr key={snapshot.id}>
                    <Table.Td>
                      <Radio
                        name="from"
                        aria-label={`${name}: the earlier one`}
                        checked={from === snapshot.id}
                        onChange={() => onChoose(snapshot.id, to)}
                      />
                    </Table.Td>
                    <Table.Td>
                      <Radio
                        name="to"
                        aria-label={`${name}: the later one`}
                        checked={to === snapshot.id}
                        onChange={() => onChoose(from, snapshot.id)}
                      />
                    </Table.Td>
                    <Table.Td>
                      <Ago at={snapshot.createdAt} />
                      {index === 0 && (
                        <Badge ml={6} size="sm" variant="light" tt="none" style={{ overflow: "visible" }}>
                          Present
                        </Badge>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Ago at={snapshot.lastSeenAt} />
                    </Table.Td>
                    <Table.Td>{snapshot.checks.toLocaleString()}</Table.Td>
                    <Table.Td>
                      {triggerWords[snapshot.trigger]}
                      <Text size="xs" c="dimmed">
                        {count(snapshot.objectNames.length, "object")}, API {snapshot.apiVersion}
                      </Text>
                    </Table.Td>
                    <Table.Td style={{ overflowWrap: "anywhere" }}>{snapshot.identity}</Table.Td>
                    <Table.Td>
                      {before && (
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={`${name}: compare with the one before`}
                          onClick={() => onChoose(before.id, snapshot.id)}
                        >
                          With the one before
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </WideTable>
      </Paper>
      <OlderButton list={list} what="snapshots" />
      {from !== "" && from === to && (
        <Text size="sm" role="status">
          You chose the same snapshot twice. Choose two that differ.
        </Text>
      )}
      {diff && (
        <section aria-labelledby="diff">
          <Group justify="space-between" mb="xs">
            <Title order={2} id="diff">
              What lies between them
            </Title>
            <Button size="xs" variant="subtle" onClick={() => onChoose("", "")}>
              Clear the comparison
            </Button>
          </Group>
          <SnapshotDiff diff={diff} integrationId={integrationId} />
        </section>
      )}
    </Stack>
  );
}
