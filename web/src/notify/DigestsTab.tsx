import { Anchor, Button, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { Pages } from "~/alert/Pages";
import { useCommand } from "~/api/command";
import { useScreen } from "~/api/query";
import { useMay } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { Loaded } from "~/ui/Page";
import { exact } from "~/ui/time";
import { WideTable } from "~/ui/WideTable";
import { count } from "~/ui/words";
import { DigestTime } from "./DigestTime";
import { MailView } from "./MailView";
import { NoMail } from "./NoMail";
import {
  NotifyDigestsDocument,
  type NotifyDigestsQuery,
  NotifySendDigestDocument,
  type NotifySendDigestMutation,
} from "./notify.generated";
import { day, toast } from "./words";

/** DigestsTab is the daily digest: when, to whom, what it would say now, and what it said before. */
export function DigestsTab() {
  const [params] = useSearchParams();
  const screen = useScreen(NotifyDigestsDocument, { after: params.get("after") }, { kinds: ["alert", "member"] });
  return (
    <Loaded screen={screen}>
      {(data) => (
        <Stack>
          <NoMail configured={data.digestSettings.mailConfigured} />
          <Plan data={data} onDone={screen.refresh} />
          <Paper withBorder p="md">
            <Stack gap="sm">
              <Title order={2}>What it would say now</Title>
              {!data.digestPreview.sends && (
                <Text size="sm">
                  Nothing that is mandatory is lost, so no mail would go out: it is sent only when something is. The
                  digest still runs each day and is listed below.
                </Text>
              )}
              <MailView mail={data.digestPreview} />
            </Stack>
          </Paper>
          <Past data={data} />
        </Stack>
      )}
    </Loaded>
  );
}

function Plan({ data, onDone }: { data: NotifyDigestsQuery; onDone(): void }) {
  const settings = data.digestSettings;
  const may = useMay("OPERATE");
  const [sending, setSending] = useState(false);
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="sm">
          <Title order={2}>
            Next: <Ago at={settings.nextAt} />
          </Title>
          <Button
            variant="default"
            disabled={!may}
            leftSection={<IconSend size={16} aria-hidden />}
            onClick={() => setSending(true)}
          >
            Send today's now
          </Button>
        </Group>
        <Text size="sm">
          {exact(new Date(settings.nextAt))}. The last one ran <Ago at={settings.lastAt} />.
        </Text>
        <DigestTime settings={settings} onDone={onDone} />
        <Text size="sm" c="dimmed" maw={760}>
          It goes out once a day and cannot be switched off, made rarer or unsubscribed from: it tells only of objects
          and standardized fields that the daily run cannot do without, and a loss that nobody hears of stays.
          Acknowledging or snoozing an alert does not take it out either. On days without a loss no mail is sent.
        </Text>
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {settings.addresses.length === 0
            ? "It would go to nobody: there is no owner and no recipient."
            : `It goes to ${count(settings.addresses.length, "address", "addresses")}: ${settings.addresses.join(", ")}.`}{" "}
          <Anchor component={Link} to="/notifications" size="sm" underline="always">
            Change the recipients
          </Anchor>
        </Text>
      </Stack>
      {sending && <SendNow onClose={() => setSending(false)} />}
    </Paper>
  );
}

const pick = (data: NotifySendDigestMutation) => data.sendDigestNow;

function SendNow({ onClose }: { onClose(): void }) {
  const command = useCommand(NotifySendDigestDocument, pick);
  const navigate = useNavigate();
  const send = async () => {
    const { ok, payload } = await command.run({});
    if (!ok || !payload?.digest) return;
    toast(
      payload.digest.recipients > 0
        ? `Today's digest goes to ${count(payload.digest.recipients, "address", "addresses")}.`
        : "Today's digest ran; it was mailed to nobody.",
    );
    navigate(`/notifications/digests/${payload.digest.id}`);
  };
  return (
    <Confirm
      opened
      title="Send today's digest now"
      action="Send now"
      danger={false}
      busy={command.busy}
      onConfirm={send}
      onCancel={onClose}
    >
      <Text size="sm">
        Each day has one digest. If today's has run already, it is shown and nobody gets it twice. Otherwise it goes out
        now instead of at its time.
      </Text>
      <CommandProblems outcome={command.outcome} />
    </Confirm>
  );
}

function Past({ data }: { data: NotifyDigestsQuery }) {
  const digests = (data.digests.edges ?? []).flatMap((edge) => edge?.node ?? []);
  return (
    <Stack gap="xs">
      <Title order={2}>Past digests</Title>
      {digests.length === 0 ? (
        <Text size="sm">None has run yet. From the first on there is one for each day.</Text>
      ) : (
        <Paper withBorder>
          <WideTable label="Digests" minWidth={560}>
            <Table verticalSpacing="sm" horizontalSpacing="md">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Day</Table.Th>
                  <Table.Th>Ran</Table.Th>
                  <Table.Th>Lost</Table.Th>
                  <Table.Th>Resolved</Table.Th>
                  <Table.Th>Mailed to</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {digests.map((digest) => (
                  <Table.Tr key={digest.id}>
                    <Table.Td>
                      <Anchor component={Link} to={`/notifications/digests/${digest.id}`} size="sm" underline="always">
                        {day(digest.localDate)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>
                      <Ago at={digest.createdAt} />
                    </Table.Td>
                    <Table.Td>{digest.lost.toLocaleString()}</Table.Td>
                    <Table.Td>{digest.resolved.toLocaleString()}</Table.Td>
                    <Table.Td>
                      {digest.recipients === 0 ? "Nobody" : count(digest.recipients, "address", "addresses")}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
        </Paper>
      )}
      <Pages next={data.digests.pageInfo.hasNextPage ? data.digests.pageInfo.endCursor : null} />
    </Stack>
  );
}
