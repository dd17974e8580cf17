import { Button, Checkbox, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { useCommand } from "~/api/command";
import { Guarded } from "~/integration/Guarded";
import { CommandProblems } from "~/ui/Notice";
import { RunsRunNowDocument, type RunsRunNowMutation } from "./runs.generated";

const pick = (data: RunsRunNowMutation) => data.runNow;

export interface Choice {
  name: string;
  label: string;
}

/** RunNow starts a manual run of all objects or of chosen ones, and leads to it. */
export function RunNow({
  integrationId,
  objects,
  active,
}: {
  integrationId: string;
  objects: readonly Choice[];
  /** Whether a run is under way: a second one has to wait. */
  active: boolean;
}) {
  const [opened, { open, close }] = useDisclosure();
  const [all, setAll] = useState(true);
  const [chosen, setChosen] = useState<string[]>([]);
  const command = useCommand(RunsRunNowDocument, pick);
  const navigate = useNavigate();
  const run = async () => {
    const { ok, payload } = await command.run({ integrationId, objects: all ? null : chosen });
    if (ok && payload?.run) navigate(`/integrations/${integrationId}/runs/${payload.run.id}`);
  };
  return (
    <>
      <Guarded
        scope="OPERATE"
        leftSection={<IconPlayerPlay size={16} aria-hidden />}
        onClick={() => {
          command.reset();
          open();
        }}
      >
        Run now…
      </Guarded>
      <Modal opened={opened} onClose={close} title="Run now" centered closeButtonProps={{ "aria-label": "Close" }}>
        <Stack>
          <Text size="sm">A manual run beside the daily one. It reads what changed since the last run.</Text>
          <Radio.Group
            label="Which objects"
            value={all ? "all" : "chosen"}
            onChange={(value) => setAll(value === "all")}
          >
            <Group mt={6}>
              <Radio value="all" label="All published objects" />
              <Radio value="chosen" label="Only these" />
            </Group>
          </Radio.Group>
          {!all && (
            <Checkbox.Group aria-label="Objects" value={chosen} onChange={setChosen}>
              <Stack gap="xs">
                {objects.map(({ name, label }) => (
                  <Checkbox key={name} value={name} label={label === name ? name : `${label} (${name})`} />
                ))}
              </Stack>
            </Checkbox.Group>
          )}
          {active && (
            <Text size="sm" role="status">
              A run is under way. Another can start when it has ended.
            </Text>
          )}
          <CommandProblems outcome={command.outcome} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Guarded
              scope="OPERATE"
              loading={command.busy}
              disabled={active || (!all && chosen.length === 0)}
              onClick={run}
            >
              Start the run
            </Guarded>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
