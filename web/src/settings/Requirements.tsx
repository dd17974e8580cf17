import { Anchor, Box, Group, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { FixSteps } from "~/ui/FixSteps";
import { Status } from "~/ui/Status";
import classes from "./settings.module.css";
import { type Requirement, rightWords } from "./tree";

/** Requirements says which rights in the CRM a setting needs: those that are missing with the way to get them. */
export function Requirements({
  requires,
  integrationId,
  crm,
}: {
  requires: readonly Requirement[];
  integrationId: string;
  crm: string;
}) {
  const open = requires.filter((need) => need.status !== "GRANTED" || need.stale);
  const granted = requires.filter((need) => need.status === "GRANTED" && !need.stale);
  if (requires.length === 0) return null;
  // A field comes back with its object: the way to the object is told once.
  const lost = new Set(open.filter((need) => !need.field && need.status === "MISSING").map((need) => need.object));
  return (
    <Stack gap={6}>
      {open.map((need) => (
        <Need
          key={rightWords(need)}
          need={need}
          withObject={need.field !== "" && lost.has(need.object)}
          integrationId={integrationId}
          crm={crm}
        />
      ))}
      {granted.length > 0 && (
        <Text size="xs" c="dimmed">
          {open.length > 0 ? "Granted: " : "Needs, all granted: "}
          {granted.map(rightWords).join(", ")}
        </Text>
      )}
    </Stack>
  );
}

function Need({
  need,
  withObject,
  integrationId,
  crm,
}: {
  need: Requirement;
  withObject: boolean;
  integrationId: string;
  crm: string;
}) {
  const page = `/integrations/${integrationId}/data-sync/${encodeURIComponent(need.object)}`;
  return (
    <Box>
      <Group gap="xs">
        {need.status === "MISSING" && <Status tone="bad">Missing</Status>}
        {need.status === "UNKNOWN" && <Status tone="unknown">Not checked yet</Status>}
        {need.stale && <Status tone="warning">Known from an older check</Status>}
        <Text size="sm">{rightWords(need)}</Text>
        <Anchor
          component={Link}
          to={need.field ? `${page}?field=${encodeURIComponent(need.field)}` : page}
          size="sm"
          underline="always"
          className={classes.target ?? ""}
        >
          {need.field ? `${need.object}.${need.field} in Data Sync` : `${need.object} in Data Sync`}
        </Anchor>
      </Group>
      {withObject && (
        <Text size="xs" c="dimmed">
          Get {need.object} back first.
        </Text>
      )}
      {need.fix && !withObject && (
        <details className={classes.fix}>
          <summary>How to get the right to {rightWords(need)}</summary>
          <Box mt={6} mb="xs">
            <FixSteps fix={need.fix} crm={crm} />
          </Box>
        </details>
      )}
    </Box>
  );
}
