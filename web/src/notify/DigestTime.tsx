import { Button, Group, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { CommandProblems } from "~/ui/Notice";
import {
  type NotifyDigestSettingsFragment,
  NotifySetDigestTimeDocument,
  type NotifySetDigestTimeMutation,
} from "./notify.generated";
import { toast } from "./words";

const pick = (data: NotifySetDigestTimeMutation) => data.setDigestTime;

/** DigestTime is when the digest goes out: the one thing about it that can be chosen. */
export function DigestTime({ settings, onDone }: { settings: NotifyDigestSettingsFragment; onDone(): void }) {
  const may = useMay("CONFIGURE");
  const command = useCommand(NotifySetDigestTimeDocument, pick);
  // null: as it is, also when it changes meanwhile.
  const [time, setTime] = useState<string | null>(null);
  const [zone, setZone] = useState<string | null>(null);
  const wanted = { time: time ?? settings.time, zone: zone ?? settings.zone };
  const changed = wanted.time !== settings.time || wanted.zone !== settings.zone;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await command.run(wanted)).ok) return;
    setTime(null);
    setZone(null);
    onDone();
    toast(`The digest goes out at ${wanted.time}, ${wanted.zone}.`);
  };
  return (
    <form onSubmit={save}>
      <Group align="flex-end" gap="sm">
        <TextInput
          type="time"
          label="Time of day"
          required
          disabled={!may}
          value={wanted.time}
          onChange={(event) => setTime(event.currentTarget.value)}
        />
        <NativeSelect
          label="Time zone"
          disabled={!may}
          value={wanted.zone}
          onChange={(event) => setZone(event.currentTarget.value)}
          data={zones(settings.zone)}
        />
        <Button type="submit" variant="default" disabled={!may || !changed} loading={command.busy}>
          Save
        </Button>
      </Group>
      <CommandProblems outcome={command.outcome} />
    </form>
  );
}

/** The browser's list of zones, with UTC and whatever is in force. */
function zones(present: string): string[] {
  return [...new Set(["UTC", present, ...Intl.supportedValuesOf("timeZone")])].toSorted();
}
