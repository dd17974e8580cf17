import { Button, List, Text } from "@mantine/core";
import { IconZoomQuestion } from "@tabler/icons-react";
import { Empty } from "~/ui/Empty";
import { count } from "~/ui/words";

/** EmptySearch says what it means that a search found no field, and what to do. */
export function EmptySearch({
  empty,
  onShowInaccessible,
}: {
  empty: { message: string; steps: readonly string[]; inaccessibleMatches: number };
  onShowInaccessible(): void;
}) {
  const n = empty.inaccessibleMatches;
  return (
    <Empty
      icon={IconZoomQuestion}
      title="No field found"
      actions={
        n > 0 && (
          <Button variant="light" onClick={onShowInaccessible}>
            {n === 1
              ? "Show the inaccessible match"
              : `Show the ${count(n, "inaccessible match", "inaccessible matches")}`}
          </Button>
        )
      }
    >
      <Text size="sm" mb="xs">
        {empty.message}
      </Text>
      <List type="ordered" size="sm" spacing={4} ta="left">
        {empty.steps.map((step) => (
          <List.Item key={step}>{step}</List.Item>
        ))}
      </List>
    </Empty>
  );
}
