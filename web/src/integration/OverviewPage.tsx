import { Alert, Anchor, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { Link, Navigate, useParams } from "react-router";
import { useScreen } from "~/api/query";
import { Ago } from "~/ui/Ago";
import { Loaded, Page } from "~/ui/Page";
import { words } from "~/ui/words";
import {
  AlertCounts,
  ConnectorIcon,
  Fact,
  FreshnessStatus,
  isBeforeOnboarded,
  Reason,
  runWords,
  StateStatus,
} from "./about";
import { Budgets } from "./Budgets";
import { Card } from "./Card";
import { Checklist } from "./Checklist";
import { ConfigurationCard } from "./ConfigurationCard";
import { LifeActions } from "./LifeActions";
import { NoIntegration } from "./NoIntegration";
import { OverviewDocument, type OverviewQuery } from "./overview.generated";
import { PackageCard } from "./PackageCard";
import { ScheduleCard } from "./ScheduleCard";

export type Overview = NonNullable<OverviewQuery["integration"]>;

export function Component() {
  const { integrationId = "" } = useParams();
  const screen = useScreen(
    OverviewDocument,
    { id: integrationId },
    { kinds: ["integration", "run", "check", "alert", "mapping", "settings"], integrationId },
  );
  const integration = screen.data?.integration;
  if (screen.data && !integration) return <NoIntegration />;
  if (integration && isBeforeOnboarded(integration.state))
    return <Navigate to={`/integrations/${integration.id}/onboarding`} replace />;
  return (
    <Page
      title={integration?.instance?.name ?? integration?.connector.title ?? "Integration"}
      above={[["Integrations", "/"]]}
      lead={
        integration && (
          <Group gap="xs">
            <ConnectorIcon svg={integration.connector.iconSvg} size={20} />
            {integration.connector.title} · {words(integration.environment)}
          </Group>
        )
      }
      actions={
        integration && (
          <>
            <StateStatus state={integration.state} />
            <Anchor
              component={Link}
              to={`/alerts?integration=${integration.id}`}
              underline="never"
              style={{ display: "flex", alignItems: "center", gap: 8, flexWrap: "wrap", minHeight: 24 }}
            >
              <AlertCounts open={openOf(integration)} />
            </Anchor>
          </>
        )
      }
    >
      <Loaded screen={screen}>{({ integration: loaded }) => loaded && <Cards integration={loaded} />}</Loaded>
    </Page>
  );
}

function openOf(integration: Overview) {
  return {
    critical: integration.critical.totalCount,
    warning: integration.warning.totalCount,
    info: integration.info.totalCount,
  };
}

function Cards({ integration }: { integration: Overview }) {
  return (
    <Stack gap="md">
      <StateNotice integration={integration} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <SyncCard integration={integration} />
        <ConnectionCard integration={integration} />
        <ScheduleCard integration={integration} />
        <Budgets integration={integration} />
      </SimpleGrid>
      <Card title="Connection test" id="checklist">
        <Checklist items={integration.checklist} />
        {integration.checklistAt && (
          <Text size="xs" c="dimmed" mt="sm">
            Tested <Ago at={integration.checklistAt} />
          </Text>
        )}
      </Card>
      <PackageCard integration={integration} />
      <ConfigurationCard integration={integration} />
      <LifeActions integration={integration} />
    </Stack>
  );
}

/** Why it does not sync, if it does not, and what follows. */
function StateNotice({ integration }: { integration: Overview }) {
  const { state, stateReason, graceUntil, autoPause } = integration;
  if (state === "GRACE") {
    return (
      <Alert color="red" variant="light" title="The CRM refuses the sign-in; nothing is synced">
        <Reason text={stateReason} />
        <Text size="sm">
          It is disconnected <Ago at={graceUntil} /> unless somebody signs in again below. Mappings and history stay
          either way.
        </Text>
      </Alert>
    );
  }
  if (state === "PAUSED") {
    return (
      <Alert color="orange" variant="light" title="Paused: nothing is synced or checked">
        {stateReason && <Reason text={stateReason} />}
      </Alert>
    );
  }
  if (state === "DISCONNECTED") {
    return (
      <Alert color="gray" variant="light" title="Disconnected">
        {stateReason && <Reason text={stateReason} />}
        <Text size="sm">Signing in again brings it back with its ids, mappings and history.</Text>
      </Alert>
    );
  }
  if (autoPause.consecutiveFailures > 0) {
    return (
      <Alert color="orange" variant="light" title="Runs fail">
        <Text size="sm">
          {autoPause.consecutiveFailures} daily {autoPause.consecutiveFailures === 1 ? "run" : "runs"} in a row failed,
          the first <Ago at={autoPause.failingSince} />. After {autoPause.failureLimit} failures within at least{" "}
          {autoPause.dayLimit} days the integration is paused by itself.
        </Text>
      </Alert>
    );
  }
  return stateReason ? (
    <Alert color="blue" variant="light">
      <Reason text={stateReason} />
    </Alert>
  ) : null;
}

function SyncCard({ integration }: { integration: Overview }) {
  const path = `/integrations/${integration.id}`;
  return (
    <Card title="Data" id="data">
      <SimpleGrid component="dl" m={0} cols={{ base: 1, xs: 2 }} spacing="sm">
        <Fact term="Last synced">
          <Ago at={integration.lastSyncedAt} />
        </Fact>
        <Fact term="Last run that read everything">
          <Ago at={integration.lastSucceededAt} />
        </Fact>
        <Fact term="Freshness">
          <FreshnessStatus freshness={integration.freshness} />
        </Fact>
        <Fact term="Next run">
          <Ago at={integration.nextRunAt} none="none is due" />
        </Fact>
        <Fact term="Under way">
          {integration.activeRun ? (
            <Anchor component={Link} to={`${path}/runs/${integration.activeRun.id}`} size="sm" underline="always">
              {runWords(integration.activeRun)}
            </Anchor>
          ) : (
            "no run"
          )}
        </Fact>
        <Fact term="Watch mode">
          <Anchor component={Link} to={`${path}/permissions?tab=watch`} size="sm" underline="always">
            {integration.watchMode.interval === "OFF" ? "Off" : words(integration.watchMode.interval)}
          </Anchor>
          {integration.watchMode.lastProbeAt && (
            <>
              , last looked <Ago at={integration.watchMode.lastProbeAt} />
            </>
          )}
        </Fact>
      </SimpleGrid>
    </Card>
  );
}

function ConnectionCard({ integration }: { integration: Overview }) {
  const { instance, integrationUser } = integration;
  return (
    <Card title="Synced CRM" id="connection">
      <SimpleGrid component="dl" m={0} cols={{ base: 1, xs: 2 }} spacing="sm">
        <Fact term="Instance">
          {instance ? (
            <Anchor href={instance.url} target="_blank" rel="noreferrer" size="sm" underline="always">
              {instance.name}
            </Anchor>
          ) : (
            "none"
          )}
        </Fact>
        <Fact term="Instance id">{instance?.id ?? "none"}</Fact>
        <Fact term="Edition">{instance?.edition || "not told"}</Fact>
        <Fact term="API version">{instance?.apiVersion || "not told"}</Fact>
        <Fact term="Integration user">
          {integrationUser?.name ?? "none"}
          {integrationUser && !integrationUser.isDedicated && (
            <Text size="xs" c="dimmed" component="span" display="block">
              A person's login, as it seems: a user of its own outlasts people's roles.
            </Text>
          )}
        </Fact>
        <Fact term="Connected first">
          <Ago at={integration.createdAt} />
        </Fact>
      </SimpleGrid>
    </Card>
  );
}
