import { Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useCommand } from "~/api/command";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { PauseIntegrationDocument, type PauseIntegrationMutation } from "./life.generated";

const pickPause = (data: PauseIntegrationMutation) => data.pauseIntegration;

export function PauseDialog({ integrationId, onClose }: { integrationId: string; onClose(): void }) {
  const [reason, setReason, forget] = useDraft(`pause:${integrationId}`, "");
  const pause = useCommand(PauseIntegrationDocument, pickPause);
  const run = async () => {
    const { ok } = await pause.run({ integrationId, reason: reason.trim() || null });
    if (!ok) return;
    forget();
    notifications.show({ message: "The integration is paused.", closeButtonProps: { "aria-label": "Close" } });
    onClose();
  };
  return (
    <Confirm
      opened
      title="Pause the integration"
      action="Pause"
      danger={false}
      busy={pause.busy}
      onConfirm={() => void run()}
      onCancel={onClose}
    >
      <Text size="sm">
        Nothing is synced or checked while it is paused, so losses of permissions are noticed only afterwards. Settings,
        mappings and history stay.
      </Text>
      <Textarea
        label="Reason"
        description="For those who wonder later why nothing is synced."
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <CommandProblems outcome={pause.outcome} />
    </Confirm>
  );
}
