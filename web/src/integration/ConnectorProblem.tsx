import { Alert, Anchor, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

/** Why a connector cannot be used, and what to do. */
export function ConnectorProblem({ problem }: { problem: { code: string; message: string; hint: string } }) {
  return (
    <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} p="sm">
      <Text size="sm">{problem.message}</Text>
      {problem.hint && problem.hint !== problem.message && (
        <Text size="sm" c="dimmed">
          {problem.hint}
        </Text>
      )}
      <Anchor href={`/docs/errors#${problem.code}`} target="_blank" size="xs" underline="always">
        {problem.code}
      </Anchor>
    </Alert>
  );
}
