import { Button, Group, Stack, Tabs } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChecks } from "@tabler/icons-react";
import { useCommand } from "~/api/command";
import type { FeedKind } from "~/api/live";
import { useScreen } from "~/api/query";
import { useViewer } from "~/app/viewer";
import { CommandProblems } from "~/ui/Notice";
import { Loaded, Page } from "~/ui/Page";
import { AlertFilters } from "./AlertFilters";
import { AlertList, UnreadList } from "./AlertList";
import {
  AlertsMarkReadDocument,
  type AlertsMarkReadMutation,
  AlertsScreenDocument,
  type AlertsScreenQuery,
} from "./alerts.generated";
import { RulesTab } from "./RulesTab";
import { filterOf, type Tab, useAlertView } from "./view";
import { openStates } from "./words";

const pageSize = 50;
const kinds: readonly FeedKind[] = ["alert", "integration", "check"];

export function Component() {
  const [view, change] = useAlertView();
  const screen = useScreen(
    AlertsScreenDocument,
    {
      list: view.tab !== "unread" && view.tab !== "rules",
      unread: view.tab === "unread",
      rules: view.tab === "rules",
      filter: filterOf(view),
      first: pageSize,
      after: view.after,
    },
    { kinds },
  );
  return (
    <Page
      title="Alerts"
      lead="What is wrong between your CRMs and Fieldwarden, since when, and how to repair it. An alert ends by itself when its problem does."
      actions={screen.data && <MarkAll data={screen.data} onDone={screen.refresh} />}
    >
      <Loaded screen={screen}>
        {(data) => (
          <Stack>
            <AlertTabs
              tab={view.tab}
              data={data}
              onChange={(tab) => change({ tab, ...(tab === "open" ? {} : { state: "" }) })}
            />
            {view.tab === "rules" ? (
              <RulesTab data={data} onDone={screen.refresh} />
            ) : view.tab === "unread" ? (
              <UnreadList data={data} />
            ) : (
              <>
                <AlertFilters
                  view={view}
                  change={change}
                  rules={data.alertRules}
                  integrations={(data.integrations.edges ?? []).flatMap((edge) => edge?.node ?? [])}
                />
                <AlertList data={data} view={view} change={change} />
              </>
            )}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function AlertTabs({ tab, data, onChange }: { tab: Tab; data: AlertsScreenQuery; onChange(tab: Tab): void }) {
  const reads = useViewer().kind === "MEMBER";
  const sum = (states: readonly string[]) =>
    data.states.reduce((total, { key, count }) => total + (states.includes(key) ? count : 0), 0);
  const muted = data.alertRules.filter((rule) => rule.mutedAt).length;
  const titles: [Tab, string][] = [
    ["open", `Open (${sum(openStates).toLocaleString()})`],
    ["unread", `Unread (${data.unreadCount >= 1000 ? "1,000+" : data.unreadCount.toLocaleString()})`],
    ["resolved", "Resolved"],
    ["all", "All"],
    ["rules", muted > 0 ? `Rules (${muted} muted)` : "Rules"],
  ];
  return (
    <Tabs value={tab} onChange={(value) => value && onChange(value as Tab)}>
      <Tabs.List aria-label="Which alerts">
        {titles
          .filter(([value]) => reads || value !== "unread" || tab === "unread")
          .map(([value, title]) => (
            <Tabs.Tab key={value} value={value}>
              {title}
            </Tabs.Tab>
          ))}
      </Tabs.List>
    </Tabs>
  );
}

const pickRead = (data: AlertsMarkReadMutation) => data.markInboxRead;

/** MarkAll marks everything as read that had happened when the list was loaded; only a member has an inbox to read. */
function MarkAll({ data, onDone }: { data: AlertsScreenQuery; onDone(): void }) {
  const command = useCommand(AlertsMarkReadDocument, pickRead);
  const newest = data.newest.edges?.[0]?.node?.id;
  if (useViewer().kind !== "MEMBER" || !newest) return null;
  const mark = async () => {
    const { ok } = await command.run({ throughItemId: newest, itemIds: null });
    if (!ok) return;
    onDone();
    notifications.show({ message: "Everything is marked as read.", closeButtonProps: { "aria-label": "Close" } });
  };
  return (
    <Group>
      <Button
        variant="default"
        leftSection={<IconChecks size={16} aria-hidden />}
        loading={command.busy}
        disabled={data.unreadCount === 0}
        onClick={mark}
      >
        Mark all as read
      </Button>
      <CommandProblems outcome={command.outcome} />
    </Group>
  );
}
