import { Anchor, List, Text } from "@mantine/core";
import { Link } from "react-router";
import type { AlertMailing } from "~/api/schema.generated";
import { Ago } from "~/ui/Ago";
import { Status } from "~/ui/Status";
import { count, words } from "~/ui/words";
import type { AlertFactsFragment } from "./alert.generated";
import { deliveryTone } from "./words";

const mailing: Record<AlertMailing, string> = {
  AT_ONCE: "",
  DIGEST: "By mail it is told in the daily digest, together with everything else that is lost.",
  NEVER: "Alerts of this rule are not mailed.",
};

/** AlertDeliveries tells whom the alert was sent to, and how that went. */
export function AlertDeliveries({ alert, mailed }: { alert: AlertFactsFragment; mailed: AlertMailing | undefined }) {
  const deliveries = (alert.deliveries.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const note = mailed ? mailing[mailed] : "";
  const more = alert.deliveries.totalCount - deliveries.length;
  return (
    <>
      {note && (
        <Text size="sm" c="dimmed">
          {note}
        </Text>
      )}
      {deliveries.length === 0 ? (
        <Text size="sm">
          {mailed === "AT_ONCE"
            ? "It was sent to nobody: no channel and no recipient wanted alerts as severe as this."
            : "No channel got it: there was none that wanted alerts as severe as this."}
        </Text>
      ) : (
        <List listStyleType="none" spacing="xs">
          {deliveries.map((each) => (
            <List.Item key={each.id}>
              <Text size="sm" component="div" style={{ overflowWrap: "anywhere" }}>
                <Status tone={deliveryTone[each.state]}>{words(each.state)}</Status>{" "}
                {each.address || each.channel?.name || "a channel that was removed"} ({words(each.medium)})
                {each.event && `, ${words(each.event).toLowerCase()}`}
                {", "}
                <Ago at={each.deliveredAt ?? each.createdAt} />
                {each.state === "PENDING" && each.nextAttemptAt && (
                  <>
                    , next attempt <Ago at={each.nextAttemptAt} />
                  </>
                )}
                {each.failure && (
                  <Text size="sm" c="dimmed">
                    {each.failure} ({count(each.attempts, "attempt")})
                  </Text>
                )}
              </Text>
            </List.Item>
          ))}
        </List>
      )}
      {more > 0 && (
        <Text size="sm" c="dimmed">
          And {more.toLocaleString()} more, further back.
        </Text>
      )}
      <Anchor component={Link} to="/notifications?tab=deliveries" size="sm" underline="always">
        All deliveries
      </Anchor>
    </>
  );
}
