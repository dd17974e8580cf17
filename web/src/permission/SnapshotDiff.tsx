import { Anchor, Button, Paper, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { Ago } from "~/ui/Ago";
import { Status } from "~/ui/Status";
import { WideTable } from "~/ui/WideTable";
import { count } from "~/ui/words";
import type { PermissionSnapshotsTabQuery } from "./history.generated";
import type { PermissionRightsFragment } from "./permission.generated";
import { has } from "./RightMarks";
import { changeTone, changeWords, rights, rightWords, whyChanged } from "./words";

type Diff = NonNullable<PermissionSnapshotsTabQuery["permissionDiff"]>;

// More are drawn on demand: there may be a thousand.
const shownAtFirst = 100;

/** "read, update"; "none"; null is something that was not there. */
function worded(given: PermissionRightsFragment | null): string {
  if (!given) return "not there";
  const there = rights.filter((right) => has(given, right)).map((right) => rightWords[right].toLowerCase());
  return there.length > 0 ? there.join(", ") : "none";
}

/** SnapshotDiff lists the differences between two snapshots, by object and field. */
export function SnapshotDiff({ diff, integrationId }: { diff: Diff; integrationId: string }) {
  const [all, setAll] = useState(false);
  const shown = all ? diff.differences : diff.differences.slice(0, shownAtFirst);
  return (
    <Stack gap="sm">
      <Text size="sm" role="status">
        {diff.totalCount === 0 ? "The rights are the same" : count(diff.totalCount, "difference")} between the snapshot
        of <Ago at={diff.from.createdAt} /> and that of <Ago at={diff.to.createdAt} />.
        {diff.totalCount > diff.differences.length &&
          ` The first ${diff.differences.length.toLocaleString()} are listed.`}
      </Text>
      {shown.length > 0 && (
        <Paper withBorder>
          <WideTable label="Differences" minWidth={640}>
            <Table verticalSpacing={8} fz="sm" aria-label="Differences">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Object or field</Table.Th>
                  <Table.Th>Change</Table.Th>
                  <Table.Th>Rights before</Table.Th>
                  <Table.Th>Rights after</Table.Th>
                  <Table.Th>Why</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown.map((one) => {
                  const path = `/integrations/${integrationId}/data-sync/${encodeURIComponent(one.objectName)}`;
                  return (
                    <Table.Tr key={`${one.objectName}.${one.fieldName}.${one.change}`}>
                      <Table.Th scope="row" fw={500} style={{ overflowWrap: "anywhere" }}>
                        <Anchor
                          component={Link}
                          size="sm"
                          to={one.fieldName ? `${path}?field=${encodeURIComponent(one.fieldName)}` : path}
                        >
                          {one.fieldName ? `${one.objectName}.${one.fieldName}` : one.objectName}
                        </Anchor>
                      </Table.Th>
                      <Table.Td>
                        <Status tone={changeTone[one.change]}>{changeWords[one.change]}</Status>
                      </Table.Td>
                      <Table.Td>{worded(one.before)}</Table.Td>
                      <Table.Td>{worded(one.after)}</Table.Td>
                      <Table.Td style={{ overflowWrap: "anywhere" }}>
                        <Text size="xs" c="dimmed">
                          {whyChanged(one)}
                        </Text>
                      </Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </WideTable>
        </Paper>
      )}
      {!all && diff.differences.length > shownAtFirst && (
        <div>
          <Button size="xs" variant="default" onClick={() => setAll(true)}>
            Show all {diff.differences.length.toLocaleString()}
          </Button>
        </div>
      )}
    </Stack>
  );
}
