import { Button, Tabs } from "@mantine/core";
import { IconCopy, IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import { useMay } from "~/app/viewer";
import { NoIntegration } from "~/integration/NoIntegration";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { words } from "~/ui/words";
import { CompleteSettings } from "./CompleteSettings";
import { sourcesFor } from "./CopyDialog";
import { CopySettings } from "./CopySettings";
import { Matrix } from "./Matrix";
import { SettingsForm } from "./SettingsForm";
import { SettingsHistory } from "./SettingsHistory";
import { SettingsScreenDocument } from "./settings.generated";
import type { SettingsOf } from "./tree";
import { useSettingsDraft } from "./useSettingsDraft";

// The API gives at most 100 items at once.
const most = 100;

export function Component() {
  const { integrationId = "" } = useParams();
  const mayLook = useMay("READ_SETTINGS");
  const mayEdit = useMay("CONFIGURE");
  const [history, setHistory] = useState(10);
  const [copying, setCopying] = useState(false);
  const screen = useScreen(
    SettingsScreenDocument,
    { id: integrationId, history },
    { kinds: ["settings", "check", "permission", "mapping", "integration"], integrationId, pause: !mayLook },
  );
  if (!mayLook)
    return (
      <Page title="Settings" above={[["Integrations", "/"]]}>
        <Empty icon={IconLock} title="You may not see the settings">
          What an integration imports and exports is for the workspace’s admins. Ask one of them, or for the role.
        </Empty>
      </Page>
    );
  const integration = screen.data?.integration;
  if (screen.data && !integration) return <NoIntegration />;
  const sources = integration && screen.data ? sourcesFor(integration, screen.data.integrations) : [];
  const closeCopy = () => setCopying(false);
  return (
    <Page
      title={integration ? `Settings of ${integration.instance?.name ?? integration.connector.title}` : "Settings"}
      above={[["Integrations", "/"]]}
      lead={
        integration &&
        `${integration.connector.title} · ${words(integration.environment)}. What is imported from the CRM and exported to it.`
      }
      actions={
        mayEdit &&
        sources.length > 0 && (
          <Button variant="default" leftSection={<IconCopy size={16} aria-hidden />} onClick={() => setCopying(true)}>
            Copy from another integration
          </Button>
        )
      }
    >
      <Loaded screen={screen}>
        {({ integration: loaded }) =>
          loaded && (
            <Views
              key={loaded.id}
              integration={loaded}
              fetching={screen.fetching}
              refresh={screen.refresh}
              onOlder={history < most ? () => setHistory(Math.min(history + 30, most)) : null}
            />
          )
        }
      </Loaded>
      {copying && integration && (
        <CopySettings
          integration={integration}
          sources={sources}
          onClose={closeCopy}
          onCopied={() => {
            closeCopy();
            screen.refresh();
          }}
        />
      )}
    </Page>
  );
}

function Views({
  integration,
  fetching,
  refresh,
  onOlder,
}: {
  integration: SettingsOf;
  fetching: boolean;
  refresh(): void;
  onOlder: (() => void) | null;
}) {
  const [search, setSearch] = useSearchParams();
  const draft = useSettingsDraft(integration.id, integration.settings);
  const show = (view: string | null) =>
    setSearch(
      (old) => {
        if (!view || view === "settings") old.delete("view");
        else old.set("view", view);
        return old;
      },
      { replace: true },
    );
  return (
    <>
      {(search.get("from") === "onboarding" || integration.state === "ONBOARDING") && (
        <CompleteSettings integration={integration} unsaved={draft.changes.length > 0} />
      )}
      <Tabs value={search.get("view") ?? "settings"} onChange={show} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="settings">Settings</Tabs.Tab>
          <Tabs.Tab value="matrix">Rights</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="settings">
          <SettingsForm integration={integration} draft={draft} onSaved={refresh} />
        </Tabs.Panel>
        <Tabs.Panel value="matrix">
          <Matrix integration={integration} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <SettingsHistory integration={integration} fetching={fetching} onOlder={onOlder} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
