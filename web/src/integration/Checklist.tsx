import { Button, Collapse, Group, List, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ChecklistStatus } from "~/api/schema.generated";
import { Status, type Tone } from "~/ui/Status";
import { count } from "~/ui/words";

export interface Item {
  key: string;
  title: string;
  status: ChecklistStatus;
  evidence: string;
  remediation: string;
}

const verdicts: Record<ChecklistStatus, [Tone, string]> = {
  PASS: ["good", "Passed"],
  FAIL: ["bad", "Failed"],
  WARN: ["warning", "Look at it"],
  UNKNOWN: ["unknown", "Not known"],
};

/** Checklist is the connection test, item by item: what needs somebody first, what passed folded away. */
export function Checklist({ items }: { items: readonly Item[] }) {
  const [opened, { toggle }] = useDisclosure();
  if (items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        The connection has not been tested yet.
      </Text>
    );
  }
  const outstanding = items.filter((item) => item.status !== "PASS");
  const passed = items.filter((item) => item.status === "PASS");
  return (
    <Stack gap="sm">
      {outstanding.length > 0 && <Items items={outstanding} />}
      {passed.length > 0 && (
        <>
          <Group gap="xs">
            <Status tone="good">{`${count(passed.length, "item")} passed`}</Status>
            <Button variant="subtle" size="compact-sm" onClick={toggle} aria-expanded={opened}>
              {opened ? "Hide them" : "Show them"}
            </Button>
          </Group>
          <Collapse expanded={opened}>
            <Items items={passed} />
          </Collapse>
        </>
      )}
    </Stack>
  );
}

function Items({ items }: { items: readonly Item[] }) {
  return (
    <List listStyleType="none" spacing="sm">
      {items.map((item) => (
        <List.Item key={item.key} styles={{ itemWrapper: { display: "block" }, itemLabel: { display: "block" } }}>
          <Group gap="xs" align="flex-start">
            <Status tone={verdicts[item.status][0]}>{verdicts[item.status][1]}</Status>
            <Text size="sm" fw={600}>
              {item.title}
            </Text>
          </Group>
          {item.evidence && (
            <Text size="sm" c="dimmed" mt={2} style={{ overflowWrap: "anywhere" }}>
              {item.evidence}
            </Text>
          )}
          {item.remediation && item.status !== "PASS" && (
            <Text size="sm" mt={2}>
              What to do: {item.remediation}
            </Text>
          )}
        </List.Item>
      ))}
    </List>
  );
}
