import { Anchor, Text, Timeline } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useViewer } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { count } from "~/ui/words";
import type { AlertFactsFragment, AlertScreenQuery } from "./alert.generated";
import { resolutionWords, subject } from "./words";

const aMinute = 60_000;

interface Moment {
  at: string;
  what: ReactNode;
}

/** AlertTimeline is what happened to an alert, oldest first. */
export function AlertTimeline({ alert, members }: { alert: AlertFactsFragment; members: AlertScreenQuery["members"] }) {
  const who = useNames(members);
  const moments: Moment[] = [];
  const add = (at: string | null, what: ReactNode) => {
    if (at) moments.push({ at, what });
  };
  // The CRM may know of a beginning long before the check that noticed it.
  const known = alert.since ? Date.parse(alert.createdAt) - Date.parse(alert.since) : 0;
  if (known > aMinute) add(alert.since, "The problem began");
  add(alert.createdAt, "Noticed by a check: opened");
  if (alert.openedAt > alert.createdAt) add(alert.openedAt, "It had been resolved and came back: opened again");
  add(alert.acknowledgedAt, <>Acknowledged by {who(alert.acknowledgedBy)}</>);
  if (alert.state !== "RESOLVED" && alert.lastSeenAt > alert.openedAt) {
    add(alert.lastSeenAt, `Last seen; by ${count(alert.occurrences, "check")} in all`);
  }
  add(
    alert.resolvedAt,
    <>
      Resolved: {alert.resolution ? resolutionWords[alert.resolution] : "it is over"}
      {alert.resolvedBy && <> by {who(alert.resolvedBy)}</>}
    </>,
  );
  moments.sort((a, b) => a.at.localeCompare(b.at));
  if (alert.state === "SNOOZED" && alert.snoozedUntil) {
    moments.push({ at: alert.snoozedUntil, what: "Its snooze ends; it is watched all the same" });
  }
  return (
    <>
      <Timeline active={moments.length - 1} bulletSize={14} lineWidth={2}>
        {moments.map(({ at, what }) => (
          <Timeline.Item key={at + String(what)} title={<Text size="sm">{what}</Text>}>
            <Text size="xs" c="dimmed">
              <Ago at={at} />
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
      {alert.flaps > 0 && (
        <Text size="sm">
          The problem came back {count(alert.flaps, "time")} within ten minutes. That is not told again each time.
        </Text>
      )}
      {alert.note && (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          Note: {alert.note}
        </Text>
      )}
      {alert.objectName && (
        <Anchor
          component={Link}
          size="sm"
          underline="always"
          to={`/integrations/${alert.integration.id}/permissions?${new URLSearchParams({
            tab: "timeline",
            object: alert.objectName,
            ...(alert.fieldName ? { field: alert.fieldName } : {}),
          })}`}
        >
          Permission history of {subject(alert)}
        </Anchor>
      )}
    </>
  );
}

/** useNames gives people's names for their ids. A service token has none here. */
function useNames(members: AlertScreenQuery["members"]): (id: string) => string {
  const viewer = useViewer();
  return (id) => {
    if (id === viewer.id) return "you";
    const found = (members.edges ?? []).find((edge) => edge?.node?.id === id)?.node;
    return found ? found.name || found.email : "somebody who is no member";
  };
}
