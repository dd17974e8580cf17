import { Alert, Anchor, Badge, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { count } from "~/ui/words";
import { ChannelEdit } from "./ChannelForm";
import {
  type NotifyChannelFragment,
  NotifyRemoveChannelDocument,
  type NotifyRemoveChannelMutation,
  NotifyRotateSecretDocument,
  type NotifyRotateSecretMutation,
  NotifyUpdateChannelDocument,
  type NotifyUpdateChannelMutation,
} from "./notify.generated";
import type { Secret } from "./SecretOnce";
import { TestButton, TestOutcome, useTest } from "./TestOutcome";
import { severityChoices, toast } from "./words";

const pickUpdate = (data: NotifyUpdateChannelMutation) => data.updateChannel;
const pickRotate = (data: NotifyRotateSecretMutation) => data.rotateChannelSecret;
const pickRemove = (data: NotifyRemoveChannelMutation) => data.removeChannel;

interface Props {
  channel: NotifyChannelFragment;
  onSecret(secret: Secret): void;
  onDone(): void;
}

/** ChannelCard is one channel: whether messages get through, and what can be done about it. */
export function ChannelCard({ channel, onSecret, onDone }: Props) {
  const may = useMay("CONFIGURE");
  const test = useTest();
  const update = useCommand(NotifyUpdateChannelDocument, pickUpdate);
  const [asking, setAsking] = useState<"edit" | "rotate" | "remove" | null>(null);
  const close = () => setAsking(null);
  const enable = async (enabled: boolean) => {
    const unchanged = { name: null, url: null, headers: null, minSeverity: null };
    if (!(await update.run({ channelId: channel.id, ...unchanged, enabled })).ok) return;
    onDone();
    toast(`${channel.name} is ${enabled ? "enabled" : "disabled"}.`);
  };
  const action = (title: string, onClick: () => void) => (
    <Button size="xs" variant="default" disabled={!may} onClick={onClick} aria-label={`${title} ${channel.name}`}>
      {title}
    </Button>
  );
  return (
    <Paper withBorder p="md" component="section" aria-label={channel.name}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="xs">
          <Stack gap={4} style={{ flex: "1 1 280px", minWidth: 0, overflowWrap: "anywhere" }}>
            <Group gap={8}>
              <Title order={2} size="h3">
                {channel.name}
              </Title>
              <Badge variant="default" tt="none" fw={600}>
                {channel.kind === "SLACK" ? "Slack" : "Webhook"}
              </Badge>
              <Status tone={channel.enabled ? "good" : channel.disabledReason ? "bad" : "waiting"}>
                {channel.enabled ? "Enabled" : "Disabled"}
              </Status>
            </Group>
            <Facts channel={channel} />
          </Stack>
          <Group gap="xs">
            <TestButton
              test={test}
              to={{ channelId: channel.id }}
              name={channel.name}
              disabled={!may}
              onDone={onDone}
            />
            {action("Change", () => setAsking("edit"))}
            {channel.kind === "WEBHOOK" && action("New secret", () => setAsking("rotate"))}
            {channel.enabled ? action("Disable", () => enable(false)) : action("Enable", () => enable(true))}
            {action("Remove", () => setAsking("remove"))}
          </Group>
        </Group>
        {channel.disabledReason && !channel.enabled && (
          <Alert
            color="red"
            variant="light"
            icon={<IconAlertTriangle aria-hidden />}
            title={
              <>
                It was disabled by itself <Ago at={channel.disabledAt} />
              </>
            }
          >
            {channel.disabledReason} Once the receiver works, enable it: what waits is sent then.
          </Alert>
        )}
        <TestOutcome test={test} />
        <CommandProblems outcome={update.outcome} />
      </Stack>
      {asking === "edit" && <ChannelEdit channel={channel} onClose={close} />}
      {asking === "rotate" && <Rotate channel={channel} onSecret={onSecret} onClose={close} />}
      {asking === "remove" && <Remove channel={channel} onDone={onDone} onClose={close} />}
    </Paper>
  );
}

function Facts({ channel }: { channel: NotifyChannelFragment }) {
  const sent = severityChoices.find(({ value }) => value === channel.minSeverity)?.label;
  return (
    <>
      <Text size="sm">
        {channel.host} · {sent}
        {channel.headerNames.length > 0 && ` · with ${channel.headerNames.join(", ")}`}
      </Text>
      <Text size="sm" c="dimmed" component="div">
        Last got through: <Ago at={channel.lastDeliveredAt} />
        {channel.pendingCount > 0 && ` · ${count(channel.pendingCount, "delivery waits", "deliveries wait")}`} · added{" "}
        <Ago at={channel.createdAt} /> ·{" "}
        <Anchor
          component={Link}
          to={`/notifications?${new URLSearchParams({ tab: "deliveries", to: channel.id })}`}
          size="sm"
          underline="always"
        >
          Deliveries
        </Anchor>
      </Text>
    </>
  );
}

function Rotate({ channel, onSecret, onClose }: Omit<Props, "onDone"> & { onClose(): void }) {
  const command = useCommand(NotifyRotateSecretDocument, pickRotate);
  const rotate = async () => {
    const { ok, payload } = await command.run({ channelId: channel.id });
    if (!ok) return;
    onClose();
    if (payload?.signingSecret) onSecret({ channel: channel.name, value: payload.signingSecret, rotated: true });
  };
  return (
    <Confirm
      opened
      title="Make a new signing secret"
      action="Make a new one"
      danger={false}
      busy={command.busy}
      onConfirm={rotate}
      onCancel={onClose}
    >
      <Text size="sm">
        For 24 hours messages to {channel.name} are signed with the old secret and the new one; after that the old one
        is worth nothing. The new one is shown once.
      </Text>
      <CommandProblems outcome={command.outcome} />
    </Confirm>
  );
}

function Remove({ channel, onDone, onClose }: Omit<Props, "onSecret"> & { onClose(): void }) {
  const command = useCommand(NotifyRemoveChannelDocument, pickRemove);
  const remove = async () => {
    if (!(await command.run({ channelId: channel.id })).ok) return;
    onClose();
    onDone();
    toast(`${channel.name} is removed.`);
  };
  return (
    <Confirm opened title="Remove a channel" action="Remove" busy={command.busy} onConfirm={remove} onCancel={onClose}>
      <Text size="sm">
        Nothing goes to {channel.name} any more
        {channel.pendingCount > 0 &&
          `, and ${count(channel.pendingCount, "delivery that waits", "deliveries that wait")} for it will not be sent`}
        . Its address and secret are forgotten.
      </Text>
      <CommandProblems outcome={command.outcome} />
    </Confirm>
  );
}
