import { Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconPlayerStop } from "@tabler/icons-react";
import { useCommand } from "~/api/command";
import { Guarded } from "~/integration/Guarded";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { RunsCancelDocument, type RunsCancelMutation } from "./runs.generated";

const pick = (data: RunsCancelMutation) => data.cancelRun;

/** CancelRun stops a run that is under way, after asking. */
export function CancelRun({ runId }: { runId: string }) {
  const [asking, ask] = useDisclosure();
  const command = useCommand(RunsCancelDocument, pick);
  const cancel = async () => {
    const { ok } = await command.run({ runId });
    if (!ok) return;
    ask.close();
    notifications.show({ message: "The run is stopped.", closeButtonProps: { "aria-label": "Close" } });
  };
  return (
    <>
      <Guarded
        scope="OPERATE"
        variant="default"
        leftSection={<IconPlayerStop size={16} aria-hidden />}
        onClick={() => {
          command.reset();
          ask.open();
        }}
      >
        Cancel the run
      </Guarded>
      <Confirm
        opened={asking}
        title="Cancel the run?"
        action="Cancel the run"
        busy={command.busy}
        onConfirm={cancel}
        onCancel={ask.close}
      >
        <Stack gap="sm">
          <Text size="sm">
            It stops after the step that it is at. What it has stored stays, and the next run goes on from there.
          </Text>
          <CommandProblems outcome={command.outcome} />
        </Stack>
      </Confirm>
    </>
  );
}
