import { Checkbox, List, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useCommand } from "~/api/command";
import type { IntegrationState } from "~/api/schema.generated";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { count } from "~/ui/words";
import { DisconnectIntegrationDocument, type DisconnectIntegrationMutation } from "./life.generated";

const pickDisconnect = (data: DisconnectIntegrationMutation) => data.disconnectIntegration;

/** Asks before disconnecting, with the choice to delete what was imported; also to delete it afterwards. */
export function DisconnectDialog({
  integration,
  onClose,
}: {
  integration: {
    id: string;
    state: IntegrationState;
    connector: { title: string };
    instance: { name: string } | null;
  };
  onClose(): void;
}) {
  const already = integration.state === "DISCONNECTED";
  const [purge, setPurge] = useState(already);
  const disconnect = useCommand(DisconnectIntegrationDocument, pickDisconnect);
  // Without confirm the API only says how many records it would delete.
  const look = useCommand(DisconnectIntegrationDocument, pickDisconnect);
  const wouldPurge = look.outcome?.payload?.purgedRecords ?? null;
  const choose = (next: boolean) => {
    setPurge(next);
    if (next) void look.run({ integrationId: integration.id, purge: true, confirm: false });
  };
  const run = async () => {
    const { ok, payload } = await disconnect.run({ integrationId: integration.id, purge, confirm: true });
    if (!ok) return;
    const deleted = payload?.purgedRecords ?? 0;
    notifications.show({
      message: already
        ? `${count(deleted, "record")} are deleted.`
        : `The integration is disconnected${purge ? `, and ${count(deleted, "record")} are deleted` : ""}.`,
      closeButtonProps: { "aria-label": "Close" },
    });
    onClose();
  };
  return (
    <Confirm
      opened
      title={already ? "Delete imported records" : `Disconnect ${integration.instance?.name ?? "the integration"}`}
      action={already ? "Delete" : "Disconnect"}
      busy={disconnect.busy}
      onConfirm={() => void run()}
      onCancel={onClose}
    >
      {!already && (
        <List size="sm" spacing={4}>
          <List.Item>The credential is revoked at {integration.connector.title} and forgotten here.</List.Item>
          <List.Item>Nothing is synced or checked any more, and open alerts are resolved.</List.Item>
          <List.Item>Mappings, settings and history stay; signing in again brings all of it back.</List.Item>
        </List>
      )}
      <Checkbox
        label="Also delete the records that were imported from the CRM"
        description={
          wouldPurge === null
            ? "They come back only by reading them from the CRM again."
            : `${count(wouldPurge, "record")} would be deleted. They come back only by reading them from the CRM again.`
        }
        checked={purge}
        disabled={already}
        onChange={(event) => choose(event.currentTarget.checked)}
      />
      {already && <Text size="sm">This cannot be undone.</Text>}
      <CommandProblems outcome={disconnect.outcome} />
    </Confirm>
  );
}
