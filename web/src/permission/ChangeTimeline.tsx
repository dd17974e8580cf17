import { Group, Text, Timeline } from "@mantine/core";
import { Ago } from "~/ui/Ago";
import { Status } from "~/ui/Status";
import type { PermissionEntryFragment } from "./permission.generated";
import { changeTone, changeWords, whyChanged } from "./words";

/** ChangeTimeline is what checks saw change, newest first. */
export function ChangeTimeline({
  entries,
  none,
  withField = false,
}: {
  entries: readonly PermissionEntryFragment[];
  none: string;
  /** Whether the entries are about several fields, so that each must be named. */
  withField?: boolean;
}) {
  if (entries.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {none}
      </Text>
    );
  return (
    <Timeline bulletSize={12} lineWidth={2} mt="xs" active={-1} role="list">
      {entries.map((entry) => (
        <Timeline.Item key={entry.id} role="listitem">
          <Group gap={8}>
            <Status tone={changeTone[entry.change]}>{changeWords[entry.change]}</Status>
            {withField && (
              <Text span size="sm" ff="monospace" style={{ overflowWrap: "anywhere" }}>
                {entry.fieldName || entry.objectName}
              </Text>
            )}
            <Text span size="xs" c="dimmed">
              <Ago at={entry.createdAt} />
            </Text>
          </Group>
          <Text size="xs" c="dimmed" mt={4} style={{ overflowWrap: "anywhere" }}>
            {whyChanged(entry)}
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
