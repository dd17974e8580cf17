import { Button, Group, Text } from "@mantine/core";
import type { More } from "./useMore";

/** OlderButton asks for the next page of a list; it says how much is shown. */
export function OlderButton({ list, what }: { list: More<unknown>; what: string }) {
  if (!list.more && !list.failed) return null;
  return (
    <Group gap="sm">
      <Button size="xs" variant="default" loading={list.busy} onClick={list.load}>
        {list.failed ? "Try again" : "Show older"}
      </Button>
      <Text size="sm" c="dimmed" role="status">
        {list.failed
          ? "The older ones could not be loaded."
          : `${list.nodes.length.toLocaleString()} of ${list.total.toLocaleString()} ${what}`}
      </Text>
    </Group>
  );
}
