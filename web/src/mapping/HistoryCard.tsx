import { Box, Button, Code, Group, Paper, Text, Title } from "@mantine/core";
import { Ago } from "~/ui/Ago";
import type { MappingScreenQuery } from "./mapping.generated";
import classes from "./mapping.module.css";
import { actions, type IntegrationOf, origins, whoIs } from "./standard";

type Step = NonNullable<NonNullable<NonNullable<IntegrationOf["mappingChanges"]["edges"]>[number]>["node"]>;

/** HistoryCard tells what was done to mappings and objects, newest first. */
export function HistoryCard({
  integration,
  data,
  fetching,
  onOlder,
}: {
  integration: IntegrationOf;
  data: MappingScreenQuery;
  fetching: boolean;
  /** Asks for more; null when the API gives no more at once. */
  onOlder: (() => void) | null;
}) {
  const steps = (integration.mappingChanges.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const labels = new Map(integration.standardFields.map((field) => [field.key, field.label]));
  const total = integration.mappingChanges.totalCount;
  return (
    <Paper withBorder component="section" aria-labelledby="history">
      <Title order={2} id="history" p="md" pb="sm">
        History
      </Title>
      {steps.length === 0 && (
        <Text size="sm" c="dimmed" px="md" pb="md">
          Nothing has been mapped or published yet.
        </Text>
      )}
      <Box component="ol" className={classes.list ?? ""}>
        {steps.map((step) => (
          <li key={step.id} className={classes.row}>
            <Group justify="space-between" gap="xs" align="flex-start">
              <Text size="sm" component="div" className={classes.wrap ?? ""} style={{ flex: "1 1 280px", minWidth: 0 }}>
                <strong>{actions[step.action]}</strong> <What step={step} label={labels.get(step.standardField)} />
              </Text>
              <Text size="sm" c="dimmed" component="div">
                {whoIs(step.changedBy, data)}, <Ago at={step.createdAt} />
              </Text>
            </Group>
            {step.reason && (
              <Text size="xs" c="dimmed" className={classes.wrap ?? ""}>
                {step.reason}
              </Text>
            )}
          </li>
        ))}
      </Box>
      {steps.length > 0 && (
        <Group justify="space-between" p="md" style={{ borderTop: "1px solid var(--mantine-color-default-border)" }}>
          <Text size="sm" c="dimmed">
            {steps.length} of {total}
          </Text>
          {steps.length < total && onOlder && (
            <Button variant="default" size="xs" loading={fetching} onClick={onOlder}>
              Show older
            </Button>
          )}
        </Group>
      )}
    </Paper>
  );
}

function What({ step, label }: { step: Step; label: string | undefined }) {
  if (!step.standardField) return <>{step.objectName}</>;
  return (
    <>
      {label ?? step.standardField}
      {step.crmFieldBefore && (
        <>
          {" "}
          from <Code>{step.crmFieldBefore}</Code>
        </>
      )}
      {step.crmFieldAfter && (
        <>
          {" "}
          to <Code>{step.crmFieldAfter}</Code>
        </>
      )}
      {step.origin === "DEFAULT" && ` (${origins.DEFAULT})`}
    </>
  );
}
