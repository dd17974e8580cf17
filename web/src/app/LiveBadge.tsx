import { Text, Tooltip } from "@mantine/core";
import { type LiveState, useLiveState } from "~/api/live";
import { Status, type Tone } from "~/ui/Status";

const told: Record<LiveState, [Tone, string, string]> = {
  CONNECTING: ["waiting", "Connecting", "The live connection is being made."],
  LIVE: ["good", "Live", "What happens in the workspace shows here at once."],
  RECONNECTING: [
    "warning",
    "Reconnecting",
    "Nothing is missed: what happens meanwhile comes when the connection is back.",
  ],
};

/** LiveBadge says truthfully whether the page is up to date. */
export function LiveBadge() {
  const state = useLiveState();
  const [tone, word, meaning] = told[state];
  return (
    <Tooltip label={meaning}>
      <div role="status" style={{ display: "flex" }} aria-label={`${word}. ${meaning}`} data-live={state}>
        <Status tone={tone}>
          {/* On a narrow screen the sign alone says that all is well, and leaves room for the workspace's name. */}
          <Text span inherit {...(state === "LIVE" ? { visibleFrom: "xs" } : {})}>
            {word}
            {state === "RECONNECTING" ? ", nothing missed" : ""}
          </Text>
        </Status>
      </div>
    </Tooltip>
  );
}
