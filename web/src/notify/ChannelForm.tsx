import { Button, Checkbox, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useCommand } from "~/api/command";
import type { ChannelKind, Severity } from "~/api/schema.generated";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { type Header, HeaderInputs } from "./HeaderInputs";
import {
  type NotifyChannelFragment,
  NotifyCreateChannelDocument,
  type NotifyCreateChannelMutation,
  NotifyUpdateChannelDocument,
  type NotifyUpdateChannelMutation,
} from "./notify.generated";
import type { Secret } from "./SecretOnce";
import { severityChoices, toast } from "./words";

const pickCreate = (data: NotifyCreateChannelMutation) => data.createChannel;
const pickUpdate = (data: NotifyUpdateChannelMutation) => data.updateChannel;

const empty: { kind: ChannelKind; name: string; minSeverity: Severity } = {
  kind: "WEBHOOK",
  name: "",
  minSeverity: "INFO",
};

/** ChannelForm adds a channel. Its address and headers are secrets: they are in no draft, and never shown again. */
export function ChannelForm({ onClose, onDone }: { onClose(): void; onDone(secret: Secret | null): void }) {
  const command = useCommand(NotifyCreateChannelDocument, pickCreate);
  const [draft, setDraft, forget] = useDraft("add-channel", empty);
  const [url, setUrl] = useState("");
  const [headers, setHeaders] = useState<Header[]>([]);
  const webhook = draft.kind === "WEBHOOK";
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const { ok, payload } = await command.run({ ...draft, url, headers: webhook ? filled(headers) : [] });
    if (!ok) return;
    forget();
    toast(`${draft.name} is added.`);
    onDone(payload?.signingSecret ? { channel: draft.name, value: payload.signingSecret, rotated: false } : null);
  };
  return (
    <Modal opened onClose={onClose} title="Add a channel" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={add}>
        <Stack>
          <NativeSelect
            label="Kind"
            value={draft.kind}
            onChange={(event) => setDraft({ ...draft, kind: event.currentTarget.value as ChannelKind })}
            data={[
              { value: "WEBHOOK", label: "Webhook: signed events for a program of yours" },
              { value: "SLACK", label: "Slack: messages for people" },
            ]}
            data-autofocus
          />
          <Name value={draft.name} onChange={(name) => setDraft({ ...draft, name })} />
          <TextInput
            label={webhook ? "Address" : "Slack's incoming webhook"}
            description="It is a secret: only its host is ever shown again."
            placeholder={webhook ? "https://example.com/hooks/fieldwarden" : "https://hooks.slack.com/services/…"}
            type="url"
            required
            autoComplete="off"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          {webhook && <HeaderInputs headers={headers} onChange={setHeaders} />}
          <Least value={draft.minSeverity} onChange={(minSeverity) => setDraft({ ...draft, minSeverity })} />
          <CommandProblems outcome={command.outcome} />
          <Buttons action="Add" busy={command.busy} onClose={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}

/** ChannelEdit changes a channel; what is left empty stays. */
export function ChannelEdit({ channel, onClose }: { channel: NotifyChannelFragment; onClose(): void }) {
  const command = useCommand(NotifyUpdateChannelDocument, pickUpdate);
  const [name, setName] = useState(channel.name);
  const [url, setUrl] = useState("");
  const [minSeverity, setMinSeverity] = useState(channel.minSeverity);
  const [replacing, setReplacing] = useState(false);
  const [headers, setHeaders] = useState<Header[]>([]);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const { ok } = await command.run({
      channelId: channel.id,
      name,
      url: url || null,
      minSeverity,
      headers: replacing ? filled(headers) : null,
      enabled: null,
    });
    if (!ok) return;
    onClose();
    toast(`${name} is changed.`);
  };
  const kept = channel.headerNames.length > 0 ? `now: ${channel.headerNames.join(", ")}` : "now: none";
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Change ${channel.name}`}
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={save}>
        <Stack>
          <Name value={name} onChange={setName} />
          <TextInput
            label="New address"
            description={`Left empty it stays as it is, at ${channel.host}.`}
            type="url"
            autoComplete="off"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Least value={minSeverity} onChange={setMinSeverity} />
          {channel.kind === "WEBHOOK" && (
            <Checkbox
              label={`Replace the headers that are sent along (${kept})`}
              checked={replacing}
              onChange={(event) => setReplacing(event.currentTarget.checked)}
            />
          )}
          {replacing && <HeaderInputs headers={headers} onChange={setHeaders} />}
          <CommandProblems outcome={command.outcome} />
          <Buttons action="Save" busy={command.busy} onClose={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}

function filled(headers: readonly Header[]): { name: string; value: string }[] {
  return headers.filter(({ name, value }) => name || value).map(({ name, value }) => ({ name, value }));
}

function Name({ value, onChange }: { value: string; onChange(name: string): void }) {
  return (
    <TextInput
      label="Name"
      description="What people call it."
      required
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Least({ value, onChange }: { value: Severity; onChange(value: Severity): void }) {
  return (
    <NativeSelect
      label="What is sent"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as Severity)}
      data={severityChoices}
    />
  );
}

function Buttons({ action, busy, onClose }: { action: string; busy: boolean; onClose(): void }) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        Cancel
      </Button>
      <Button type="submit" loading={busy}>
        {action}
      </Button>
    </Group>
  );
}
