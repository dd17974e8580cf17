import { Stack, Tabs } from "@mantine/core";
import { useSearchParams } from "react-router";
import { Page } from "~/ui/Page";
import { ChannelsTab } from "./ChannelsTab";
import { DeliveriesTab } from "./DeliveriesTab";
import { DigestsTab } from "./DigestsTab";
import { RecipientsTab } from "./RecipientsTab";

const tabs = {
  recipients: ["Recipients", RecipientsTab],
  channels: ["Channels", ChannelsTab],
  deliveries: ["Deliveries", DeliveriesTab],
  digests: ["Daily digest", DigestsTab],
} as const;

type Tab = keyof typeof tabs;

export function Component() {
  const [params, setParams] = useSearchParams();
  const wanted = params.get("tab") ?? "";
  const tab: Tab = wanted in tabs ? (wanted as Tab) : "recipients";
  const [, Shown] = tabs[tab];
  return (
    <Page
      title="System Notifications"
      lead="Who is told when an integration loses access, runs fail or a credential ends, by which ways, and how that went."
    >
      <Stack>
        <Tabs value={tab} onChange={(value) => value && setParams({ tab: value })}>
          <Tabs.List aria-label="System Notifications">
            {Object.entries(tabs).map(([value, [title]]) => (
              <Tabs.Tab key={value} value={value}>
                {title}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
        <Shown />
      </Stack>
    </Page>
  );
}
