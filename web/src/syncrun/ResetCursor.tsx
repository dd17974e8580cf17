import { Checkbox, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconRestore } from "@tabler/icons-react";
import { useState } from "react";
import { useCommand } from "~/api/command";
import { Guarded } from "~/integration/Guarded";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { count } from "~/ui/words";
import type { Choice } from "./RunNow";
import { RunsResetCursorDocument, type RunsResetCursorMutation } from "./runs.generated";

const pick = (data: RunsResetCursorMutation) => data.resetCursor;

/** ResetCursor makes the next run read objects from the beginning, after saying what that costs. */
export function ResetCursor({ integrationId, objects }: { integrationId: string; objects: readonly Choice[] }) {
  const [asking, ask] = useDisclosure();
  const names = objects.map(({ name }) => name);
  const [chosen, setChosen] = useState<string[]>(names);
  const command = useCommand(RunsResetCursorDocument, pick);
  const reset = async () => {
    if (chosen.length === 0) return;
    const every = chosen.length === names.length;
    const { ok } = await command.run({ integrationId, objects: every ? null : chosen, confirm: true });
    if (!ok) return;
    ask.close();
    notifications.show({
      message: `The next run reads ${every ? "everything" : count(chosen.length, "object")} from the beginning.`,
      closeButtonProps: { "aria-label": "Close" },
    });
  };
  return (
    <>
      <Guarded
        scope="CONFIGURE"
        variant="default"
        leftSection={<IconRestore size={16} aria-hidden />}
        onClick={() => {
          command.reset();
          setChosen(names);
          ask.open();
        }}
      >
        Read from the beginning…
      </Guarded>
      <Confirm
        opened={asking}
        title="Read from the beginning?"
        action="Reset"
        busy={command.busy}
        onConfirm={reset}
        onCancel={ask.close}
      >
        <Stack gap="sm">
          <Text size="sm">
            The next run reads all history of these objects again instead of what changed. Nothing is deleted here
            before, and what is unchanged is not written again; records that the CRM no longer has are deleted when the
            reading has come to its end. It costs as many CRM API calls as the first run did.
          </Text>
          <Checkbox.Group label="Which objects" value={chosen} onChange={setChosen}>
            <Stack gap="xs" mt={6}>
              {objects.map(({ name, label }) => (
                <Checkbox key={name} value={name} label={label === name ? name : `${label} (${name})`} />
              ))}
            </Stack>
          </Checkbox.Group>
          {chosen.length === 0 && (
            <Text size="sm" c="dimmed">
              Choose at least one.
            </Text>
          )}
          <CommandProblems outcome={command.outcome} />
        </Stack>
      </Confirm>
    </>
  );
}
