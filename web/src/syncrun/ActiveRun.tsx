import { Anchor, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { Ago } from "~/ui/Ago";
import { CancelRun } from "./CancelRun";
import { ObjectTable } from "./ObjectTable";
import { Phases } from "./Phases";
import type { RunsQuery } from "./runs.generated";
import { useRate } from "./useRate";
import { countWords, dayWords, kindWords, RunStatus, WhyRun } from "./words";

type Active = NonNullable<NonNullable<RunsQuery["integration"]>["activeRun"]>;

/** ActiveRun is the run that is under way, as far as it has come. */
export function ActiveRun({ run, integrationId }: { run: Active; integrationId: string }) {
  const rate = useRate(run.id);
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="active">
      <Stack gap="sm">
        <Group justify="space-between" gap="sm">
          <Group gap="sm">
            <Title order={2} id="active">
              Under way
            </Title>
            <RunStatus run={run} />
          </Group>
          <Group gap="xs">
            <Anchor component={Link} to={`/integrations/${integrationId}/runs/${run.id}`} size="sm">
              Details and log
            </Anchor>
            <CancelRun runId={run.id} />
          </Group>
        </Group>
        <Text size="sm" c="dimmed">
          {kindWords[run.kind]} of {dayWords(run.localDate)} · {run.startedAt ? "began " : "made "}
          <Ago at={run.startedAt ?? run.createdAt} /> · {countWords(run.counters)}
        </Text>
        <Phases phase={run.phase} started={run.startedAt !== null} />
        <WhyRun run={run} />
        <ObjectTable objects={run.objects} rate={rate} />
      </Stack>
    </Paper>
  );
}
