import { Box, ThemeIcon, Tooltip } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
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
        {/* On a narrow screen the sign alone says that all is well, and leaves room for the workspace's name. */}
        {state === "LIVE" && (
          <ThemeIcon size={22} radius="xl" color="green" variant="light" hiddenFrom="xs" aria-hidden>
            <IconCircleCheck size={14} />
          </ThemeIcon>
        )}
        <Box {...(state === "LIVE" ? { visibleFrom: "xs" } : {})}>
          <Status tone={tone}>
            {word}
            {state === "RECONNECTING" ? ", nothing missed" : ""}
          </Status>
        </Box>
      </div>
    </Tooltip>
  );
}
