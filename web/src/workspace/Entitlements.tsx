import { Button, Group, List, Modal, NativeSelect, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import type { Edition, SettingUnavailableReason } from "~/api/schema.generated";
import { nameOf } from "~/integration/about";
import { CommandProblems } from "~/ui/Notice";
import { useEntitle } from "./useEntitle";
import { editionWords } from "./words";
import type { WorkspaceRowFragment, WorkspacesQuery, WorkspacesSetEntitlementsMutation } from "./workspaces.generated";

type Disabled = NonNullable<WorkspacesSetEntitlementsMutation["setEntitlements"]["disabledSettings"]>;

const reasons: Record<SettingUnavailableReason, string> = {
  EDITION: "the edition does not include it",
  CONNECTOR_UNSUPPORTED: "the connector does not support it",
  APP_NOT_INSTALLED: "the CRM app is not installed",
  PERMISSION_MISSING: "access is missing",
  PARENT_DISABLED: "the setting above it is off",
};

/** Entitlements sets what a workspace bought, and lists the settings that lose their effect by it. */
export function Entitlements({
  workspace,
  packages,
  onClose,
}: {
  workspace: WorkspaceRowFragment;
  packages: WorkspacesQuery["packages"];
  onClose(): void;
}) {
  const [edition, setEdition] = useState<Edition>(workspace.edition);
  const [packageKey, setPackageKey] = useState(workspace.packageKey);
  const [disabled, setDisabled] = useState<Disabled | null>(null);
  const { entitle, busy, outcome } = useEntitle();
  const same = edition === workspace.edition && packageKey === workspace.packageKey;
  const save = async () => {
    const payload = await entitle(
      workspace.id,
      edition === workspace.edition ? null : edition,
      packageKey === workspace.packageKey ? null : packageKey,
    );
    if (!payload) return;
    notifications.show({
      message: `What ${workspace.name} bought is set.`,
      closeButtonProps: { "aria-label": "Close" },
    });
    if (payload.disabledSettings?.length) setDisabled(payload.disabledSettings);
    else onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`What ${workspace.name} bought`}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {disabled ? (
        <Stack>
          <Text size="sm">
            It is set. These settings have no effect any more; their values are kept, and have effect again after an
            upgrade.
          </Text>
          <List size="sm" spacing={4}>
            {disabled.map(({ integration, key, reason }) => (
              <List.Item key={`${integration.id} ${key}`}>
                {integration.instance?.name ?? nameOf(integration)}: {key} ({reasons[reason]})
              </List.Item>
            ))}
          </List>
          <Group justify="flex-end">
            <Button onClick={onClose}>Close</Button>
          </Group>
        </Stack>
      ) : (
        <Stack>
          <NativeSelect
            label="Edition"
            description="Which settings there are. Those of a higher edition lose their effect at once."
            value={edition}
            onChange={(event) => setEdition(event.currentTarget.value as Edition)}
            data={Object.entries(editionWords).map(([value, label]) => ({ value, label }))}
          />
          <NativeSelect
            label="Package"
            description="Which objects and standard fields are needed. It counts at once."
            value={packageKey}
            onChange={(event) => setPackageKey(event.currentTarget.value)}
            data={choices(packages, workspace.packageKey)}
          />
          <CommandProblems outcome={outcome} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button loading={busy} disabled={same} onClick={save}>
              Set
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

/** The packages to choose from, by key; the present one even if this server no longer has it. */
function choices(packages: WorkspacesQuery["packages"], present: string): { value: string; label: string }[] {
  const crms = new Map<string, Set<string>>([[present, new Set()]]);
  for (const each of packages) crms.set(each.key, (crms.get(each.key) ?? new Set()).add(each.connector));
  return [...crms]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, names]) => ({ value: key, label: names.size > 0 ? `${key} (${[...names].join(", ")})` : key }));
}
