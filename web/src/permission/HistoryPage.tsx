import { Tabs } from "@mantine/core";
import { useParams, useSearchParams } from "react-router";
import { Page } from "~/ui/Page";
import { ChangesTab } from "./ChangesTab";
import { SimulationsTab } from "./SimulationsTab";
import { SnapshotsTab } from "./SnapshotsTab";
import { TimelineTab } from "./TimelineTab";
import { WatchTab } from "./WatchTab";

const tabs = [
  ["changes", "Changes", ChangesTab],
  ["timeline", "Timeline", TimelineTab],
  ["snapshots", "Snapshots", SnapshotsTab],
  ["watch", "Watch mode", WatchTab],
  ["simulation", "Identity simulation", SimulationsTab],
] as const;

/** The history of an integration's permissions, and the ways to look beyond the present. */
export function Component() {
  const { integrationId = "" } = useParams();
  const [search, setSearch] = useSearchParams();
  const [at] = tabs.find(([key]) => key === search.get("tab")) ?? tabs[0];
  return (
    <Page
      title="Permissions"
      above={[
        ["Integrations", "/"],
        ["Overview", `/integrations/${integrationId}`],
      ]}
      lead="What checks saw change, what they saw at all, and what another login would see."
    >
      {/* Each tab asks for what it shows, and only while it is shown. */}
      <Tabs value={at} onChange={(tab) => setSearch(tab && tab !== tabs[0][0] ? { tab } : {})} keepMounted={false}>
        <Tabs.List mb="md">
          {tabs.map(([key, title]) => (
            <Tabs.Tab key={key} value={key}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(([key, , Tab]) => (
          <Tabs.Panel key={key} value={key}>
            <Tab integrationId={integrationId} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
