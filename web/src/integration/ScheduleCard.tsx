import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type FormEvent, useMemo, useState } from "react";
import { useCommand } from "~/api/command";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { Fact } from "./about";
import { Card } from "./Card";
import { SetScheduleDocument, type SetScheduleMutation } from "./change.generated";
import { Guarded } from "./Guarded";
import type { Overview } from "./OverviewPage";
import { ScheduleFields } from "./ScheduleFields";

const pickSchedule = (data: SetScheduleMutation) => data.setSchedule;

export function ScheduleCard({ integration }: { integration: Overview }) {
  const [opened, setOpened] = useState(false);
  const [notes, setNotes] = useState<readonly string[]>([]);
  return (
    <Card title="Schedule" id="schedule">
      <Stack gap="sm">
        <Group component="dl" m={0} gap="xl">
          <Fact term="Once a day at">
            {integration.scheduleTime}, {integration.scheduleZone}
          </Fact>
        </Group>
        {notes.map((note) => (
          <Text key={note} size="sm" role="status">
            {note}
          </Text>
        ))}
        <div>
          <Guarded scope="CONFIGURE" variant="default" size="xs" onClick={() => setOpened(true)}>
            Change the schedule
          </Guarded>
        </div>
      </Stack>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="Change the schedule"
        centered
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <ScheduleForm
          integration={integration}
          onDone={(told) => {
            setNotes(told);
            setOpened(false);
          }}
        />
      </Modal>
    </Card>
  );
}

function ScheduleForm({ integration, onDone }: { integration: Overview; onDone(notes: readonly string[]): void }) {
  const { id, scheduleTime, scheduleZone } = integration;
  const initial = useMemo(() => ({ time: scheduleTime, zone: scheduleZone }), [scheduleTime, scheduleZone]);
  const [draft, setDraft, forget] = useDraft(`schedule:${id}`, initial);
  const set = useCommand(SetScheduleDocument, pickSchedule);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { ok, payload } = await set.run({ integrationId: id, time: draft.time, zone: draft.zone });
    if (!ok) return;
    forget();
    notifications.show({ message: "The schedule is changed.", closeButtonProps: { "aria-label": "Close" } });
    onDone(payload?.notes ?? []);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text size="sm" c="dimmed">
          There is exactly one run for each local day, also when clocks change.
        </Text>
        <ScheduleFields value={draft} onChange={setDraft} />
        <CommandProblems outcome={set.outcome} />
        <Group justify="flex-end">
          <Button type="submit" loading={set.busy}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
