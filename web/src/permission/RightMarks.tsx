import { Group, Text } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import type { Right } from "~/api/schema.generated";
import type { PermissionRightsFragment } from "./permission.generated";
import { rights, rightWords } from "./words";

export function has(given: PermissionRightsFragment, right: Right): boolean {
  return right === "READ" ? given.read : right === "CREATE" ? given.create : given.update;
}

/** Whether a right is there, as a sign and for those who listen in a word. */
export function Mark({ given, label }: { given: boolean; label: string }) {
  const Sign = given ? IconCheck : IconX;
  return (
    <span role="img" aria-label={label} title={label} style={{ display: "inline-flex", verticalAlign: "middle" }}>
      <Sign
        size={16}
        stroke={2.2}
        aria-hidden
        color={given ? "var(--mantine-color-green-light-color)" : "var(--mantine-color-red-light-color)"}
      />
    </span>
  );
}

/** RightMarks shows what the integration user may do. Missing are rights that something in use needs. */
export function RightMarks({ given, missing = [] }: { given: PermissionRightsFragment; missing?: readonly Right[] }) {
  return (
    <Group gap={10} wrap="nowrap">
      {rights.map((right) => {
        const there = has(given, right);
        const needed = missing.includes(right);
        const Sign = there ? IconCheck : IconX;
        return (
          <Text
            key={right}
            span
            size="xs"
            fw={needed ? 650 : 400}
            c={there ? "inherit" : needed ? "var(--mantine-color-red-light-color)" : "dimmed"}
            title={needed ? `${rightWords[right]}: missing, and something in use needs it` : undefined}
            style={{ display: "inline-flex", alignItems: "center", gap: 2, whiteSpace: "nowrap" }}
          >
            <Sign
              size={14}
              stroke={2.2}
              role="img"
              aria-label={there ? "may" : needed ? "may not, but must" : "may not"}
            />
            {rightWords[right].toLowerCase()}
          </Text>
        );
      })}
    </Group>
  );
}
