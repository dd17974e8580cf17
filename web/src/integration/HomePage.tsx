import { Anchor, Button, Group, Loader, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconPlugConnected, IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";
import { useScreen } from "~/api/query";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { words } from "~/ui/words";
import {
  AlertCounts,
  ConnectorIcon,
  Fact,
  FreshnessStatus,
  isBeforeOnboarded,
  nameOf,
  type OpenAlerts,
  Reason,
  runWords,
  StateStatus,
} from "./about";
import { HomeDocument, type HomeQuery } from "./home.generated";

type Integration = NonNullable<NonNullable<NonNullable<HomeQuery["integrations"]["edges"]>[number]>["node"]>;

export function Component() {
  const screen = useScreen(HomeDocument, {}, { kinds: ["integration", "run", "alert", "check"] });
  const nodes = screen.data?.integrations.edges?.flatMap((edge) => (edge?.node ? [edge.node] : [])) ?? [];
  return (
    <Page
      title="Integrations"
      lead="The CRMs that this workspace is connected to, and how each of them is doing."
      actions={
        nodes.length > 0 && (
          <Button component={Link} to="/connect" leftSection={<IconPlus size={16} aria-hidden />}>
            Connect a CRM
          </Button>
        )
      }
    >
      <Loaded screen={screen}>
        {(data) =>
          nodes.length === 0 ? (
            <Empty
              icon={IconPlugConnected}
              title="No CRM is connected"
              actions={
                <Button component={Link} to="/connect" leftSection={<IconPlus size={16} aria-hidden />}>
                  Connect a CRM
                </Button>
              }
            >
              Connect Salesforce, HubSpot, Dynamics 365 or another CRM. You choose what is synced, and see at any time
              which objects and fields can be read.
            </Empty>
          ) : (
            <>
              <SimpleGrid
                cols={{ base: 1, md: 2 }}
                spacing="md"
                component="ul"
                p={0}
                m={0}
                style={{ listStyle: "none" }}
              >
                {nodes.map((integration) => (
                  <li key={integration.id} style={{ minWidth: 0 }}>
                    <Card integration={integration} open={openOf(data, integration.id)} />
                  </li>
                ))}
              </SimpleGrid>
              {data.integrations.totalCount > nodes.length && (
                <Text size="sm" c="dimmed">
                  The newest {nodes.length} of {data.integrations.totalCount} integrations are shown.
                </Text>
              )}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function openOf(data: HomeQuery, id: string): OpenAlerts {
  const of = (counts: HomeQuery["critical"]) => counts.find((each) => each.key === id)?.count ?? 0;
  return { critical: of(data.critical), warning: of(data.warning), info: of(data.info) };
}

function Card({ integration, open }: { integration: Integration; open: OpenAlerts }) {
  const path = `/integrations/${integration.id}`;
  const outstanding = isBeforeOnboarded(integration.state);
  const alerts = open.critical + open.warning + open.info;
  return (
    <Paper withBorder p="md" h="100%" component="article">
      <Stack gap="sm" h="100%">
        <Group align="flex-start" gap="sm">
          <ConnectorIcon svg={integration.connector.iconSvg} size={36} />
          <div style={{ flex: "1 1 180px", minWidth: 0 }}>
            <Title order={2} size="h3" style={{ overflowWrap: "anywhere" }}>
              <Anchor component={Link} to={outstanding ? `${path}/onboarding` : path} inherit>
                {integration.instance?.name ?? nameOf(integration)}
              </Anchor>
            </Title>
            <Text size="sm" c="dimmed">
              {integration.connector.title} · {words(integration.environment)}
            </Text>
          </div>
          <StateStatus state={integration.state} />
        </Group>
        {integration.stateReason && <Reason text={integration.stateReason} />}
        {integration.graceUntil && (
          <Text size="sm">
            It is disconnected <Ago at={integration.graceUntil} /> unless somebody signs in again.
          </Text>
        )}
        {outstanding ? (
          <Text size="sm" c="dimmed">
            The onboarding is not finished; nothing is synced yet.
          </Text>
        ) : (
          <Group component="dl" m={0} gap="xl" style={{ rowGap: 8 }}>
            <Fact term="Last synced">
              <Ago at={integration.lastSyncedAt} />
            </Fact>
            <Fact term="Next run">
              <Ago at={integration.nextRunAt} none="none is due" />
            </Fact>
            {integration.activeRun && (
              <Fact term="Under way">
                <Anchor component={Link} to={`${path}/runs/${integration.activeRun.id}`} size="sm" underline="always">
                  <Loader size={12} mr={6} aria-hidden />
                  {runWords(integration.activeRun)}
                </Anchor>
              </Fact>
            )}
          </Group>
        )}
        <Group gap="xs" mt="auto">
          {!outstanding && <FreshnessStatus freshness={integration.freshness} />}
          {(!outstanding || alerts > 0) && (
            <Anchor
              component={Link}
              to={`/alerts?integration=${integration.id}`}
              underline="never"
              style={{ display: "flex", alignItems: "center", gap: 8, flexWrap: "wrap", minHeight: 24 }}
            >
              <AlertCounts open={open} />
            </Anchor>
          )}
          {outstanding && (
            <Button component={Link} to={`${path}/onboarding`} size="xs" variant="light" ml="auto">
              Continue the onboarding
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}
