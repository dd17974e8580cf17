import { Alert, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Status } from "~/ui/Status";

/** StepCard is one step of the onboarding: what it is about, whether it is done, what there is to do. */
export function StepCard({
  title,
  done,
  next,
  children,
}: {
  title: string;
  done: boolean;
  /** The step that follows, offered when this one is done. */
  next?: string;
  children: ReactNode;
}) {
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="step">
      <Stack>
        <Group justify="space-between">
          <Title order={2} id="step">
            {title}
          </Title>
          <Status tone={done ? "good" : "waiting"}>{done ? "Done" : "To do"}</Status>
        </Group>
        {children}
        {done && next && (
          <Group>
            <Button component={Link} to={`?step=${next}`} variant="light">
              Next step
            </Button>
          </Group>
        )}
      </Stack>
    </Paper>
  );
}

/** A line of what a step says. */
export function Say({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" maw={760}>
      {children}
    </Text>
  );
}

/** What keeps a step from being done. */
export function Blockers({ blockers }: { blockers: readonly string[] }) {
  if (blockers.length === 0) return null;
  return (
    <Alert color="orange" variant="light" title="This is outstanding">
      <Stack gap={4} component="ul" m={0} pl="md">
        {blockers.map((blocker) => (
          <Text key={blocker} component="li" size="sm">
            {blocker}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}
