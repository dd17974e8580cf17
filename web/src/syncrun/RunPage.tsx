import { Anchor, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconHistoryOff } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import { useMay, useViewer } from "~/app/viewer";
import { Fact, nameOf } from "~/integration/about";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Lines, Loaded, Page } from "~/ui/Page";
import { CancelRun } from "./CancelRun";
import { LogCard, logFilterOf } from "./LogCard";
import { readBefore } from "./left";
import { ObjectTable } from "./ObjectTable";
import { Phases } from "./Phases";
import { RunErrors } from "./RunErrors";
import { RunDocument, type RunQuery } from "./run.generated";
import { useRate } from "./useRate";
import { dayWords, isActive, kindWords, RunStatus, took, WhyRun } from "./words";

type Run = Exclude<NonNullable<RunQuery["node"]>, Record<PropertyKey, never>>;

export function Component() {
  const { integrationId = "", runId = "" } = useParams();
  const [params] = useSearchParams();
  // The screen's own request has the first page of the log; another filter is the log's business.
  const [filter] = useState(() => logFilterOf(params));
  const screen = useScreen(RunDocument, { id: runId, integrationId, ...filter }, { kinds: ["run"], integrationId });
  const { data } = screen;
  const run = runOf(data, runId);
  const active = run !== null && isActive(run);
  const rate = useRate(active ? runId : undefined);
  const runs = `/integrations/${integrationId}/runs`;
  if (data && !run && !screen.fetching) return <NoRun runs={runs} />;
  const integration = data?.integration;
  const earlier = (integration?.runs.edges ?? []).flatMap((edge) => edge?.node ?? []);
  return (
    <Page
      title={run ? `${kindWords[run.kind]} of ${dayWords(run.localDate)}` : "Run"}
      above={[
        ["Integrations", "/"],
        [
          integration ? (integration.instance?.name ?? nameOf(integration)) : "Integration",
          `/integrations/${integrationId}`,
        ],
        ["Runs", runs],
      ]}
      actions={
        run && (
          <>
            <RunStatus run={run} />
            {active && <CancelRun runId={run.id} />}
          </>
        )
      }
    >
      <Loaded screen={screen}>
        {() =>
          run ? (
            <Stack gap="lg">
              <Summary run={run} active={active} />
              <Paper withBorder p="md" component="section" aria-labelledby="objects">
                <Title order={2} id="objects" mb="sm">
                  Objects
                </Title>
                <ObjectTable
                  objects={run.objects}
                  rate={rate}
                  before={(object) => readBefore(object, run.id, earlier)}
                />
              </Paper>
              <RunErrors errors={run.errors} />
              <LogCard
                key={run.id}
                runId={run.id}
                active={active}
                objects={run.objects.map(({ name }) => name)}
                loaded={{ filter, page: run.logs }}
              />
            </Stack>
          ) : (
            <Lines />
          )
        }
      </Loaded>
    </Page>
  );
}

/** The run of the address; not another one that is still shown while this one comes. */
function runOf(data: RunQuery | undefined, runId: string): Run | null {
  const node = data?.node;
  return node && "errors" in node && node.id === runId ? (node as Run) : null;
}

function Summary({ run, active }: { run: Run; active: boolean }) {
  const { counters } = run;
  const facts: readonly (readonly [string, number])[] = [
    ["Read", counters.read],
    ["Created", counters.created],
    ["Updated", counters.updated],
    ["Deleted", counters.deleted],
    ["Unchanged", counters.skipped],
    ["Failed", counters.failed],
    ["CRM calls", run.crmCalls],
  ];
  return (
    <Paper withBorder p="md" component="section" aria-label="Summary">
      <Stack gap="md">
        {active && <Phases phase={run.phase} started={run.startedAt !== null} />}
        <WhyRun run={run} />
        <Group component="dl" gap="12px 28px" m={0}>
          {facts.map(([term, value]) => (
            <Fact key={term} term={term}>
              {value.toLocaleString()}
            </Fact>
          ))}
          <Fact term={run.startedAt ? "Started" : "Made"}>
            <Ago at={run.startedAt ?? run.createdAt} />
          </Fact>
          <Fact term="Took">{active ? "still going" : took(run)}</Fact>
          <RequestedBy id={run.requestedBy} />
        </Group>
      </Stack>
    </Paper>
  );
}

/** Who asked for the run; the system is not worth a word. */
function RequestedBy({ id }: { id: string }) {
  const mayAudit = useMay("READ_AUDIT");
  const viewer = useViewer();
  if (!id || id.startsWith("system:")) return null;
  const who = id === viewer.id ? "you" : id.startsWith("tok_") ? "a service token" : "a member";
  return (
    <Fact term="Asked for by">
      {mayAudit ? (
        <Anchor component={Link} to={`/audit?actor=${encodeURIComponent(id)}`} size="sm" title={id}>
          {who}
        </Anchor>
      ) : (
        <Text span size="sm" title={id}>
          {who}
        </Text>
      )}
    </Fact>
  );
}

function NoRun({ runs }: { runs: string }) {
  return (
    <Page title="There is no such run" above={[["Runs", runs]]}>
      <Empty
        icon={IconHistoryOff}
        title="This workspace has no run with this address"
        actions={
          <Button component={Link} to={runs}>
            Go to the runs
          </Button>
        }
      >
        It may belong to another workspace, or the address is mistyped.
      </Empty>
    </Page>
  );
}
