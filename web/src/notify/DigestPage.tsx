import { Button, Paper, Stack, Text, Title } from "@mantine/core";
import { IconSearchOff } from "@tabler/icons-react";
import { Link, useParams } from "react-router";
import { useScreen } from "~/api/query";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { count } from "~/ui/words";
import { DeliveryList } from "./DeliveryList";
import { MailView } from "./MailView";
import { NotifyDigestDocument, type NotifyDigestQuery } from "./notify.generated";
import { day } from "./words";

const above = [
  ["System Notifications", "/notifications"],
  ["Daily digest", "/notifications?tab=digests"],
] as const;

type Digest = Extract<NonNullable<NotifyDigestQuery["node"]>, { mail: unknown }>;

export function Component() {
  const { digestId = "" } = useParams();
  // Another digest is another screen: nothing of the one before is kept.
  return <Screen key={digestId} digestId={digestId} />;
}

function Screen({ digestId }: { digestId: string }) {
  const screen = useScreen(NotifyDigestDocument, { id: digestId });
  const digest = screen.data?.node && "mail" in screen.data.node ? screen.data.node : null;
  if (screen.data && !digest) {
    return (
      <Page title="There is no such digest" above={above}>
        <Empty
          icon={IconSearchOff}
          title="This digest is not here"
          actions={
            <Button component={Link} to="/notifications?tab=digests" variant="default">
              Go to the digests
            </Button>
          }
        >
          It may belong to another workspace.
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title={digest ? `Digest of ${day(digest.localDate)}` : "Digest"}
      above={above}
      lead={digest && <Lead digest={digest} />}
    >
      <Loaded screen={screen}>{() => digest && <Facts digest={digest} onDone={screen.refresh} />}</Loaded>
    </Page>
  );
}

function Lead({ digest }: { digest: Digest }) {
  return (
    <>
      Ran <Ago at={digest.createdAt} />, for the day in {digest.zone}: {count(digest.lost, "loss", "losses")} that
      {digest.lost === 1 ? " was" : " were"} open, {digest.resolved.toLocaleString()} resolved since the one before.
    </>
  );
}

function Facts({ digest, onDone }: { digest: Digest; onDone(): void }) {
  const deliveries = (digest.deliveries.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const more = digest.deliveries.totalCount - deliveries.length;
  return (
    <Stack>
      <Paper withBorder p="md">
        <Stack gap="sm">
          <Title order={2}>
            {digest.recipients > 0 ? "The mail as it was sent" : "The mail as it would have been"}
          </Title>
          <MailView mail={digest.mail} />
        </Stack>
      </Paper>
      <Stack gap="xs">
        <Title order={2}>How it was delivered</Title>
        {deliveries.length > 0 ? (
          <DeliveryList deliveries={deliveries} onDone={onDone} />
        ) : (
          <Text size="sm">{whyNobody(digest)}</Text>
        )}
        {more > 0 && (
          <Text size="sm" c="dimmed">
            And {more.toLocaleString()} more; Deliveries lists them all.
          </Text>
        )}
      </Stack>
    </Stack>
  );
}

function whyNobody(digest: Digest): string {
  if (digest.lost === 0) return "It was sent to nobody: nothing was lost.";
  if (digest.recipients === 0) {
    return "It was sent to nobody: this server had no mail server, or there was no owner and no recipient.";
  }
  return "What became of it is not known any more: deliveries are kept for 90 days.";
}
