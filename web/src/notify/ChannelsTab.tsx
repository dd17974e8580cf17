import { Button, Group, Stack, Text } from "@mantine/core";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { Pages } from "~/alert/Pages";
import { useScreen } from "~/api/query";
import { useMay } from "~/app/viewer";
import { Empty } from "~/ui/Empty";
import { Loaded } from "~/ui/Page";
import { ChannelCard } from "./ChannelCard";
import { ChannelForm } from "./ChannelForm";
import { NotifyChannelsDocument } from "./notify.generated";
import { type Secret, SecretOnce } from "./SecretOnce";
import { onlyAdmins } from "./words";

/** ChannelsTab is the ways that alerts go beside mail: webhooks and Slack. */
export function ChannelsTab() {
  const [params] = useSearchParams();
  const screen = useScreen(NotifyChannelsDocument, { after: params.get("after") }, { kinds: ["channel", "alert"] });
  const may = useMay("CONFIGURE");
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<Secret | null>(null);
  return (
    <Loaded screen={screen}>
      {(data) => {
        const channels = (data.channels.edges ?? []).flatMap((edge) => edge?.node ?? []);
        const add = (
          <Button disabled={!may} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
            Add a channel
          </Button>
        );
        return (
          <Stack>
            {!may && (
              <Text size="sm" c="dimmed">
                {onlyAdmins}
              </Text>
            )}
            {channels.length === 0 ? (
              <Empty icon={IconWebhook} title="No channel yet" actions={add}>
                Alerts can go to a webhook of yours, signed, or to a Slack channel, the moment they open and when they
                are over.
              </Empty>
            ) : (
              <>
                <Group justify="space-between">
                  <Text size="sm" c="dimmed" maw={640}>
                    Every alert that is as severe as a channel wants goes there at once, and again when it is over.
                  </Text>
                  {add}
                </Group>
                {channels.map((channel) => (
                  <ChannelCard key={channel.id} channel={channel} onSecret={setSecret} onDone={screen.refresh} />
                ))}
              </>
            )}
            <Pages next={data.channels.pageInfo.hasNextPage ? data.channels.pageInfo.endCursor : null} />
            {adding && (
              <ChannelForm
                onClose={() => setAdding(false)}
                onDone={(made) => {
                  setAdding(false);
                  setSecret(made);
                  screen.refresh();
                }}
              />
            )}
            {secret && <SecretOnce secret={secret} onClose={() => setSecret(null)} />}
          </Stack>
        );
      }}
    </Loaded>
  );
}
