import { Anchor, Button, Collapse, Group, List, Paper, Stack, Text } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconRepeat } from "@tabler/icons-react";
import { useId, useState } from "react";
import { Link } from "react-router";
import classes from "~/alert/AlertRow.module.css";
import { deliveryTone } from "~/alert/words";
import { useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { duration } from "~/ui/time";
import { count, words } from "~/ui/words";
import { type NotifyDeliveryFragment, NotifyReplayDocument, type NotifyReplayMutation } from "./notify.generated";
import { day, deliveryKindWords, receiver, toast } from "./words";

/** DeliveryList shows what was sent to whom, and how that went. */
export function DeliveryList({
  deliveries,
  onDone,
}: {
  deliveries: readonly NotifyDeliveryFragment[];
  onDone(): void;
}) {
  return (
    <Paper withBorder>
      <ul className={classes.list}>
        {deliveries.map((delivery) => (
          <Row key={delivery.id} delivery={delivery} onDone={onDone} />
        ))}
      </ul>
    </Paper>
  );
}

const pick = (data: NotifyReplayMutation) => data.replayDelivery;

function Row({ delivery, onDone }: { delivery: NotifyDeliveryFragment; onDone(): void }) {
  const may = useMay("CONFIGURE");
  const replay = useCommand(NotifyReplayDocument, pick);
  const [opened, setOpened] = useState(false);
  const log = useId();
  const to = receiver(delivery);
  const again = async () => {
    if (!(await replay.run({ deliveryId: delivery.id })).ok) return;
    onDone();
    toast(`It is sent to ${to} again.`);
  };
  return (
    <li className={classes.row}>
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start" gap="xs">
          <Stack gap={4} style={{ flex: "1 1 280px", minWidth: 0, overflowWrap: "anywhere" }}>
            <Group gap={8}>
              <Status tone={deliveryTone[delivery.state]}>{words(delivery.state)}</Status>
              <Text size="sm" fw={600} span>
                {to}
              </Text>
              <Text size="sm" c="dimmed" span>
                {words(delivery.medium)}
              </Text>
            </Group>
            <Text size="sm" component="div">
              <About delivery={delivery} />
            </Text>
            <Text size="sm" c="dimmed" component="div">
              <Ago at={delivery.createdAt} /> · {count(delivery.attempts, "attempt")}
              {delivery.deliveredAt && (
                <>
                  {" "}
                  · delivered <Ago at={delivery.deliveredAt} />
                </>
              )}
              {delivery.state === "PENDING" && delivery.nextAttemptAt && (
                <>
                  {" "}
                  · next attempt <Ago at={delivery.nextAttemptAt} />
                </>
              )}
            </Text>
            {delivery.failure && <Text size="sm">{delivery.failure}</Text>}
          </Stack>
          <Group gap="xs">
            {delivery.log.length > 0 && (
              <Button
                size="xs"
                variant="subtle"
                aria-expanded={opened}
                aria-controls={log}
                aria-label={`Attempts to reach ${to}`}
                rightSection={
                  opened ? <IconChevronUp size={14} aria-hidden /> : <IconChevronDown size={14} aria-hidden />
                }
                onClick={() => setOpened(!opened)}
              >
                Attempts
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              disabled={!may || delivery.state === "PENDING"}
              loading={replay.busy}
              leftSection={<IconRepeat size={14} aria-hidden />}
              onClick={again}
              aria-label={`Send again to ${to}`}
            >
              Send again
            </Button>
          </Group>
        </Group>
        <CommandProblems outcome={replay.outcome} />
        <Collapse expanded={opened} id={log}>
          <List type="ordered" size="sm" spacing={4}>
            {delivery.log.map((attempt) => (
              <List.Item key={attempt.at}>
                <Ago at={attempt.at} />: {attempt.failure || "it got through"}
                {attempt.code !== null && `, answered ${attempt.code}`}, took{" "}
                {attempt.milliseconds < 1000 ? `${attempt.milliseconds} ms` : duration(attempt.milliseconds)}
              </List.Item>
            ))}
          </List>
        </Collapse>
      </Stack>
    </li>
  );
}

/** What a delivery tells. */
function About({ delivery: { kind, alert, digest, event } }: { delivery: NotifyDeliveryFragment }) {
  if (alert) {
    return (
      <>
        {event ? words(event) : deliveryKindWords[kind]}:{" "}
        <Anchor component={Link} to={`/alerts/${alert.id}`} size="sm" underline="always">
          {alert.title}
        </Anchor>
      </>
    );
  }
  if (digest) {
    return (
      <Anchor component={Link} to={`/notifications/digests/${digest.id}`} size="sm" underline="always">
        Digest of {day(digest.localDate)}
      </Anchor>
    );
  }
  // The owners are told by mail of a channel that was disabled: that is about no alert.
  return <>{kind === "ALERT" ? "System notice" : deliveryKindWords[kind]}</>;
}
