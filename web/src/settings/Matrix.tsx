import { Anchor, Group, Paper, Stack, Table, Text } from "@mantine/core";
import { IconTable } from "@tabler/icons-react";
import { Link } from "react-router";
import type { RequirementStatus } from "~/api/schema.generated";
import { Empty } from "~/ui/Empty";
import { Status, type Tone } from "~/ui/Status";
import { WideTable } from "~/ui/WideTable";
import { type Requirement, type Setting, type SettingsOf, settingsOf } from "./tree";

const shown: Record<RequirementStatus, [Tone, string]> = {
  GRANTED: ["good", "Granted"],
  UNKNOWN: ["unknown", "Not checked"],
  MISSING: ["bad", "Missing"],
};
const gravity: RequirementStatus[] = ["GRANTED", "UNKNOWN", "MISSING"];

/** The worst of several rights. */
export function worst(needs: readonly Requirement[]): RequirementStatus {
  return needs.reduce<RequirementStatus>(
    (status, need) => (gravity.indexOf(need.status) > gravity.indexOf(status) ? need.status : status),
    "GRANTED",
  );
}

/** Whether a right could make the setting work: an edition or a connector that lacks it cannot be mended in the CRM. */
function couldBe(setting: Setting): boolean {
  return (
    setting.available ||
    setting.unavailableReason === "PERMISSION_MISSING" ||
    setting.unavailableReason === "PARENT_DISABLED"
  );
}

/** Matrix shows settings by objects: which rights each needs there, and whether they are had. */
export function Matrix({ integration }: { integration: SettingsOf }) {
  const rows = settingsOf(integration.settings).filter((setting) => couldBe(setting) && setting.requires.length > 0);
  const objects = [...new Set(rows.flatMap((setting) => setting.requires.map((need) => need.object)))];
  if (rows.length === 0)
    return (
      <Empty icon={IconTable} title="No setting needs a right">
        None of the settings that this workspace can have needs anything in the CRM.
      </Empty>
    );
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        Settings that are on or could be, by the CRM’s objects. A cell shows the worst of the rights that the setting
        needs on the object and its fields.
      </Text>
      <Paper withBorder>
        <WideTable label="Settings and rights" minWidth={160 + objects.length * 150}>
          <Table verticalSpacing="sm" layout="fixed">
            <caption style={{ position: "absolute", clipPath: "inset(50%)" }}>
              Rights that settings need, by object
            </caption>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col" w={220}>
                  Setting
                </Table.Th>
                {objects.map((object) => (
                  <Table.Th key={object} scope="col">
                    <Anchor
                      component={Link}
                      to={`/integrations/${integration.id}/data-sync/${encodeURIComponent(object)}`}
                      size="sm"
                      style={{ overflowWrap: "anywhere" }}
                    >
                      {object}
                    </Anchor>
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((setting) => (
                <Table.Tr key={setting.key}>
                  <Table.Th scope="row" fw={500}>
                    {setting.title}
                    <Text size="xs" c="dimmed" fw={400}>
                      {setting.effectiveValue === null || setting.effectiveValue === false
                        ? "Not in effect"
                        : "In effect"}
                    </Text>
                  </Table.Th>
                  {objects.map((object) => (
                    <Table.Td key={object} style={{ verticalAlign: "top" }}>
                      <Cell needs={setting.requires.filter((need) => need.object === object)} />
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      </Paper>
    </Stack>
  );
}

function Cell({ needs }: { needs: Requirement[] }) {
  if (needs.length === 0)
    return (
      <Text size="xs" c="dimmed">
        Not needed
      </Text>
    );
  const [tone, word] = shown[worst(needs)];
  return (
    <Stack gap={4}>
      <Group gap={4}>
        <Status tone={tone}>{word}</Status>
        {needs.some((need) => need.stale) && <Status tone="warning">Old</Status>}
      </Group>
      {needs.map((need) => (
        <Text key={need.right + need.field} size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {need.right.toLowerCase()}
          {need.field ? ` ${need.field}` : ""}
          {needs.length > 1 && need.status !== "GRANTED" ? `: ${shown[need.status][1].toLowerCase()}` : ""}
        </Text>
      ))}
    </Stack>
  );
}
