import { Button, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck, IconFilterOff, IconMailOpened, IconPlugConnected } from "@tabler/icons-react";
import { Link } from "react-router";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Lines } from "~/ui/Page";
import { count, words } from "~/ui/words";
import { AlertRow } from "./AlertRow";
import classes from "./AlertRow.module.css";
import type { AlertRowFragment, AlertsScreenQuery } from "./alerts.generated";
import { Pages } from "./Pages";
import { type AlertView, isNarrowed } from "./view";
import { severities } from "./words";

/** AlertList shows the alerts of the tab; open ones by how bad they are. */
export function AlertList({
  data,
  view,
  change,
}: {
  data: AlertsScreenQuery;
  view: AlertView;
  change(wanted: Partial<AlertView>): void;
}) {
  if (!data.alerts) return <Lines />;
  const alerts = (data.alerts.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const unread = new Set(
    (data.unread?.edges ?? []).flatMap((edge) => (edge?.node && !edge.node.read ? edge.node.alert.id : [])),
  );
  if (alerts.length === 0) return <NothingHere data={data} view={view} change={change} />;
  return (
    <Stack>
      <Text size="sm" c="dimmed" role="status">
        {count(data.alerts.totalCount, "alert")}
      </Text>
      {view.tab === "open" ? (
        severities.map((severity) => (
          <Rows
            key={severity}
            title={words(severity)}
            alerts={alerts.filter((alert) => alert.severity === severity)}
            unread={unread}
          />
        ))
      ) : (
        <Rows alerts={alerts} unread={unread} />
      )}
      <Pages next={data.alerts.pageInfo.hasNextPage ? data.alerts.pageInfo.endCursor : null} />
    </Stack>
  );
}

function Rows({
  title,
  alerts,
  unread,
}: {
  title?: string;
  alerts: readonly AlertRowFragment[];
  unread: ReadonlySet<string>;
}) {
  if (alerts.length === 0) return null;
  return (
    <Stack gap="xs">
      {title && (
        <Title order={2} size="h3">
          {title}
        </Title>
      )}
      <Paper withBorder>
        <ul className={classes.list}>
          {alerts.map((alert) => (
            <AlertRow key={alert.id} alert={alert} unread={unread.has(alert.id)} />
          ))}
        </ul>
      </Paper>
    </Stack>
  );
}

const happened: Record<string, string> = {
  OPENED: "Opened",
  REOPENED: "Opened again",
  RESOLVED: "Resolved",
  ACKNOWLEDGED: "Acknowledged",
  SNOOZED: "Snoozed",
  WOKE: "Woken",
  UPDATED: "Changed",
};

/** UnreadList shows what happened that the viewer has not read, newest first. */
export function UnreadList({ data }: { data: AlertsScreenQuery }) {
  if (!data.inbox) return <Lines />;
  const items = (data.inbox.edges ?? []).flatMap((edge) => edge?.node ?? []);
  if (items.length === 0) {
    return (
      <Empty icon={IconMailOpened} title="You have read everything">
        What happens to alerts next shows up here.
      </Empty>
    );
  }
  return (
    <Stack>
      <Paper withBorder>
        <ul className={classes.list}>
          {items.map((item) => (
            <AlertRow
              key={item.id}
              alert={item.alert}
              unread={!item.read}
              news={
                <>
                  {happened[item.event]} <Ago at={item.createdAt} />
                </>
              }
            />
          ))}
        </ul>
      </Paper>
      <Pages next={data.inbox.pageInfo.hasNextPage ? data.inbox.pageInfo.endCursor : null} />
    </Stack>
  );
}

function NothingHere({
  data,
  view,
  change,
}: {
  data: AlertsScreenQuery;
  view: AlertView;
  change(wanted: Partial<AlertView>): void;
}) {
  if (isNarrowed(view)) {
    return (
      <Empty
        icon={IconFilterOff}
        title="No alert matches"
        actions={
          <Button
            variant="default"
            onClick={() => change({ severity: "", state: "", rule: "", integration: "", search: "" })}
          >
            Clear the filters
          </Button>
        }
      >
        There may be others: nothing matches all that is chosen above.
      </Empty>
    );
  }
  if (view.tab !== "open") {
    return (
      <Empty icon={IconCircleCheck} title={view.tab === "resolved" ? "Nothing was resolved yet" : "No alert yet"}>
        Alerts stay listed here when they are over.
      </Empty>
    );
  }
  const integrations = (data.integrations.edges ?? []).flatMap((edge) => edge?.node ?? []);
  if (integrations.length === 0) {
    return (
      <Empty
        icon={IconPlugConnected}
        title="Nothing is watched yet"
        actions={
          <Button component={Link} to="/connect">
            Connect a CRM
          </Button>
        }
      >
        Once a CRM is connected, whatever its integration loses shows up here the moment a check sees it.
      </Empty>
    );
  }
  const checks = integrations.flatMap(
    ({ permissionSnapshots }) => permissionSnapshots.edges?.[0]?.node?.lastSeenAt ?? [],
  );
  const newest = checks.toSorted().at(-1);
  return (
    <Empty icon={IconCircleCheck} title="Nothing is wrong">
      {newest ? (
        <>
          The last check was <Ago at={newest} />. Whatever a check finds shows up here at once.
        </>
      ) : (
        "No check has been made yet. Whatever the first one finds shows up here at once."
      )}
    </Empty>
  );
}
