import { Badge, Code, Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ErrorClass, ErrorSide } from "~/api/schema.generated";
import { Ago } from "~/ui/Ago";
import { count } from "~/ui/words";
import type { RunQuery } from "./run.generated";
import { CodeLink } from "./words";

type Run = Exclude<NonNullable<RunQuery["node"]>, Record<PropertyKey, never>>;

const classes: Record<ErrorClass, string> = {
  CONFIG: "Needs somebody: trying again does not help",
  TRANSIENT: "Passes by itself: it is tried again",
  RATE_LIMIT: "A limit: it is waited for",
  SYSTEM: "A fault of the system: it is tried again",
};

const sides: Record<ErrorSide, string> = {
  HOST: "Fieldwarden",
  CONNECTOR: "Connector",
  CRM: "CRM",
};

/** RunErrors are the errors of a run, grouped, the most frequent first. */
export function RunErrors({ errors }: { errors: Run["errors"] }) {
  if (errors.length === 0) return null;
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="errors">
      <Title order={2} id="errors" mb="sm">
        Errors
      </Title>
      <Stack gap="md" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {errors.map((error) => (
          <Stack key={error.id} component="li" gap={4}>
            <Group gap="xs">
              <Text size="sm" fw={600}>
                {count(error.count, "time")}
              </Text>
              {(error.objectName || error.fieldName) && (
                <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
                  {[error.objectName, error.fieldName].filter(Boolean).join(".")}
                </Text>
              )}
              <Badge variant="light" color="gray" tt="none">
                {sides[error.problem.side]}
              </Badge>
              <CodeLink code={error.problem.code} />
            </Group>
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {error.problem.message}
            </Text>
            {error.problem.hint && error.problem.hint !== error.problem.message && (
              <Text size="sm" c="dimmed">
                {error.problem.hint}
              </Text>
            )}
            <Text size="xs" c="dimmed">
              {classes[error.class]} · first <Ago at={error.createdAt} />, last <Ago at={error.lastSeenAt} />
            </Text>
            {error.recordIds.length > 0 && (
              <Group gap={6}>
                <Text size="xs" c="dimmed">
                  {error.recordIds.length < error.count ? `The first ${error.recordIds.length} records:` : "Records:"}
                </Text>
                {error.recordIds.map((id) => (
                  <Code key={id}>{id}</Code>
                ))}
              </Group>
            )}
          </Stack>
        ))}
      </Stack>
    </Paper>
  );
}
