import { Anchor, Badge, Box, Group, Stack, Text, Tooltip } from "@mantine/core";
import { Link } from "react-router";
import { Ago } from "~/ui/Ago";
import { Status } from "~/ui/Status";
import { count, words } from "~/ui/words";
import classes from "./AlertRow.module.css";
import type { AlertRowFragment } from "./alerts.generated";
import { integrationName, resolutionWords, severityTone, stateTone } from "./words";

/** AlertRow is one alert of a list: what is wrong, where, since when, and who is on it. */
export function AlertRow({
  alert,
  unread,
  news,
}: {
  alert: AlertRowFragment;
  unread: boolean;
  /** What just happened to it, where the list is about that. */
  news?: React.ReactNode;
}) {
  return (
    <Box component="li" className={classes.row ?? ""}>
      <Group justify="space-between" align="flex-start" gap="xs" wrap="nowrap" className={classes.line ?? ""}>
        <Stack gap={4} style={{ minWidth: 0 }}>
          <Group gap={8} wrap="nowrap" align="flex-start">
            {unread && (
              <Tooltip label="Unread">
                <span className={classes.dot}>
                  <span className={classes.hidden}>Unread: </span>
                </span>
              </Tooltip>
            )}
            <Anchor
              component={Link}
              to={`/alerts/${alert.id}`}
              fw={unread ? 700 : 500}
              style={{ overflowWrap: "anywhere" }}
            >
              {alert.title}
            </Anchor>
          </Group>
          <Text size="sm" c="dimmed" component="div">
            {news ? <>{news} · </> : null}
            {integrationName(alert.integration)} · <When alert={alert} /> · seen by {count(alert.occurrences, "check")}
            {alert.flaps > 0 && ` · came back ${count(alert.flaps, "time")}`}
          </Text>
        </Stack>
        <Group gap={6} className={classes.marks ?? ""}>
          <Status tone={severityTone[alert.severity]}>{words(alert.severity)}</Status>
          <State alert={alert} />
          {alert.mandatory && (
            <Tooltip label="It ends only with its problem: nobody can mute, dismiss or unsubscribe from it.">
              <Badge variant="default" tt="none" fw={600}>
                Mandatory
              </Badge>
            </Tooltip>
          )}
          {alert.foldedAlerts.length > 0 && (
            <Badge variant="default" tt="none" fw={600}>
              +{count(alert.foldedAlerts.length, "field")}
            </Badge>
          )}
          {alert.folded && alert.state !== "RESOLVED" && (
            <Badge variant="default" tt="none" fw={600}>
              With its object
            </Badge>
          )}
        </Group>
      </Group>
    </Box>
  );
}

function When({ alert }: { alert: AlertRowFragment }) {
  if (alert.state === "RESOLVED") {
    return (
      <>
        resolved <Ago at={alert.resolvedAt} />: {alert.resolution ? resolutionWords[alert.resolution] : "it is over"}
      </>
    );
  }
  return alert.since ? (
    <>
      began <Ago at={alert.since} />
    </>
  ) : (
    <>
      noticed <Ago at={alert.openedAt} />
    </>
  );
}

/** State is where the alert is in its life; a snoozed one says until when. */
export function State({ alert }: { alert: Pick<AlertRowFragment, "state" | "snoozedUntil"> }) {
  if (alert.state === "OPEN") {
    return (
      <Badge variant="default" tt="none" fw={600}>
        Open
      </Badge>
    );
  }
  return (
    <Status tone={stateTone[alert.state]}>
      {alert.state === "SNOOZED" ? (
        <>
          Snoozed, wakes <Ago at={alert.snoozedUntil} />
        </>
      ) : (
        words(alert.state)
      )}
    </Status>
  );
}
