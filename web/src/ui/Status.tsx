import { Badge } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconHelpCircle,
  IconInfoCircle,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";

/** How good a state is. Never told by colour alone: each has its sign. */
export type Tone = "good" | "bad" | "warning" | "info" | "waiting" | "unknown";

const signs: Record<Tone, [TablerIcon, string]> = {
  good: [IconCircleCheck, "green"],
  bad: [IconCircleX, "red"],
  warning: [IconAlertTriangle, "orange"],
  info: [IconInfoCircle, "blue"],
  waiting: [IconClock, "gray"],
  unknown: [IconHelpCircle, "gray"],
};

/** Status is a state in a word, with its sign and colour. */
export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  const [Sign, color] = signs[tone];
  return (
    <Badge
      color={color}
      variant="light"
      size="md"
      tt="none"
      fw={600}
      leftSection={<Sign size={14} aria-hidden />}
      styles={{ label: { overflow: "visible" } }}
    >
      {children}
    </Badge>
  );
}
