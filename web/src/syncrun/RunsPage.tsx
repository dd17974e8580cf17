import { Stack, Tabs, Text } from "@mantine/core";
import { useParams, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import { nameOf } from "~/integration/about";
import { NoIntegration } from "~/integration/NoIntegration";
import { Ago } from "~/ui/Ago";
import { Lines, Loaded, Page } from "~/ui/Page";
import { ActiveRun } from "./ActiveRun";
import { FailedRecords } from "./FailedRecords";
import { ResetCursor } from "./ResetCursor";
import { RunHistory } from "./RunHistory";
import { RunNow } from "./RunNow";
import { RunsDocument, type RunsQuery } from "./runs.generated";
import { VolumeCard } from "./VolumeCard";

type Integration = NonNullable<RunsQuery["integration"]>;

export function Component() {
  const { integrationId = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const failed = params.get("tab") === "failed";
  const object = params.get("object") ?? "";
  const screen = useScreen(
    RunsDocument,
    { id: integrationId, history: !failed, failed, object: object || null, after: params.get("after") },
    { kinds: ["run", "integration"], integrationId },
  );
  const integration = screen.data?.integration;
  if (screen.data && !integration) return <NoIntegration />;
  const show = (change: Record<string, string>) => setParams(change);
  const objects = published(integration);
  return (
    <Page
      title="Runs"
      above={[
        ["Integrations", "/"],
        [
          integration ? (integration.instance?.name ?? nameOf(integration)) : "Integration",
          `/integrations/${integrationId}`,
        ],
      ]}
      lead={integration && <Next integration={integration} />}
      actions={
        integration && (
          <>
            <ResetCursor integrationId={integrationId} objects={objects} />
            <RunNow integrationId={integrationId} objects={objects} active={integration.activeRun !== null} />
          </>
        )
      }
    >
      <Loaded screen={screen}>
        {() =>
          integration && (
            <Stack gap="lg">
              {integration.activeRun && <ActiveRun run={integration.activeRun} integrationId={integrationId} />}
              <VolumeCard days={integration.syncVolume} zone={integration.scheduleZone} />
              <Stack>
                <Tabs value={failed ? "failed" : "history"} onChange={(tab) => show(tab === "failed" ? { tab } : {})}>
                  <Tabs.List aria-label="What to list">
                    <Tabs.Tab value="history">History</Tabs.Tab>
                    <Tabs.Tab value="failed">
                      Failed records ({integration.allFailed.totalCount.toLocaleString()})
                    </Tabs.Tab>
                  </Tabs.List>
                </Tabs>
                {!failed &&
                  (integration.runs ? <RunHistory runs={integration.runs} integrationId={integrationId} /> : <Lines />)}
                {failed &&
                  (integration.failedRecords ? (
                    <FailedRecords
                      failed={integration.failedRecords}
                      integrationId={integrationId}
                      objects={named(integration)}
                      object={object}
                      active={integration.activeRun !== null}
                      onObject={(name) => show(name ? { tab: "failed", object: name } : { tab: "failed" })}
                    />
                  ) : (
                    <Lines />
                  ))}
              </Stack>
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

function Next({ integration }: { integration: Integration }) {
  return (
    <Text inherit>
      Last synced <Ago at={integration.lastSyncedAt} />; the next daily run{" "}
      {integration.nextRunAt ? "is due " : "is not planned: the integration is not active."}
      {integration.nextRunAt && (
        <>
          <Ago at={integration.nextRunAt} />.
        </>
      )}
    </Text>
  );
}

function nodes(integration: Integration | null | undefined) {
  return (integration?.objects.edges ?? []).flatMap((edge) => edge?.node ?? []);
}

/** The objects that runs read. */
function published(integration: Integration | null | undefined) {
  return nodes(integration).filter((object) => object.published);
}

function named(integration: Integration): string[] {
  return nodes(integration).map(({ name }) => name);
}
