import { Group, Text, VisuallyHidden } from "@mantine/core";
import { IconCircle, IconCircleCheck, IconPlayerPlay } from "@tabler/icons-react";
import type { SyncRunPhase } from "~/api/schema.generated";
import { phases } from "./words";

/** Phases are the steps of a run that is under way, and the one it is at. */
export function Phases({ phase, started }: { phase: SyncRunPhase; started: boolean }) {
  const at = phase === "DONE" ? phases.length : started ? phases.findIndex(([each]) => each === phase) : -1;
  return (
    <Group component="ol" gap="md" m={0} p={0} style={{ listStyle: "none" }} aria-label="Steps of the run">
      {phases.map(([each, title], index) => {
        const Sign = index < at ? IconCircleCheck : index === at ? IconPlayerPlay : IconCircle;
        return (
          <Group
            key={each}
            component="li"
            gap={6}
            wrap="nowrap"
            {...(index === at ? { "aria-current": "step" as const } : {})}
          >
            <Sign size={16} aria-hidden />
            <Text size="sm" {...(index === at ? { fw: 600 } : { c: "dimmed" })}>
              {title}
              {index < at && <VisuallyHidden> (done)</VisuallyHidden>}
            </Text>
          </Group>
        );
      })}
    </Group>
  );
}
