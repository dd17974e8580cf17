import { Anchor, Button, Group, Paper, SegmentedControl, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconPlugX } from "@tabler/icons-react";
import { Link, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import type { Environment } from "~/api/schema.generated";
import { useMay } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { ConnectorIcon, StateStatus } from "./about";
import { ConnectorProblem } from "./ConnectorProblem";
import { type Connected, ConnectedAlready, environmentOf, holderOf, refusalOf } from "./choice";
import { ConnectDocument, type ConnectQuery } from "./connect.generated";
import { whoMay } from "./Guarded";

type Connector = ConnectQuery["connectors"][number];

export function Component() {
  const [search, setSearch] = useSearchParams();
  const environment = environmentOf(search);
  const screen = useScreen(ConnectDocument, {}, { kinds: ["integration"] });
  const may = useMay("CONNECT");
  return (
    <Page
      title="Connect a CRM"
      lead="Choose the environment and the CRM. What you need beforehand is shown before anything starts."
      above={[["Integrations", "/"]]}
    >
      {!may && <Text size="sm">You can look around here. {whoMay}</Text>}
      <Stack gap={6}>
        <Text size="sm" fw={600} id="environment">
          Environment
        </Text>
        <div>
          <SegmentedControl
            aria-labelledby="environment"
            value={environment}
            onChange={(value) => setSearch({ environment: value }, { replace: true })}
            data={[
              { value: "PRODUCTION", label: "Production" },
              { value: "SANDBOX", label: "Sandbox" },
            ]}
          />
        </div>
        <Text size="sm" c="dimmed">
          {environment === "PRODUCTION"
            ? "The CRM that the business works in."
            : "A CRM for tests, with records, users and rights of its own."}
        </Text>
      </Stack>
      <Loaded screen={screen}>
        {(data) =>
          data.connectors.length === 0 ? (
            <Empty icon={IconPlugX} title="This server offers no connector">
              The operator of the server has to configure one.
            </Empty>
          ) : (
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} component="ul" p={0} m={0} style={{ listStyle: "none" }}>
              {data.connectors.map((connector) => (
                <li key={connector.name} style={{ minWidth: 0 }}>
                  <Choice
                    connector={connector}
                    environment={environment}
                    holder={holderOf(data.integrations, connector.name, environment)}
                  />
                </li>
              ))}
            </SimpleGrid>
          )
        }
      </Loaded>
    </Page>
  );
}

function Choice({
  connector,
  environment,
  holder,
}: {
  connector: Connector;
  environment: Environment;
  holder: Connected | undefined;
}) {
  const refusal = refusalOf(connector, environment);
  // A connector whose last start failed is tried again with the next call.
  const usable = refusal === "" && (connector.status === "LOADED" || connector.status === "FAILING");
  return (
    <Paper withBorder p="md" h="100%" component="article">
      <Stack gap="sm" h="100%">
        <Group wrap="nowrap" gap="sm">
          <ConnectorIcon svg={connector.iconSvg} size={36} />
          <div style={{ minWidth: 0 }}>
            <Title order={2} size="h3">
              {connector.title || connector.name}
            </Title>
            <Text size="xs" c="dimmed">
              {[connector.vendor && `by ${connector.vendor}`, connector.version && `version ${connector.version}`]
                .filter(Boolean)
                .join(", ")}
            </Text>
          </div>
        </Group>
        {connector.problem && <ConnectorProblem problem={connector.problem} />}
        {refusal && <Text size="sm">{refusal}</Text>}
        {holder && (
          <Stack gap={4}>
            <Group gap="xs">
              <StateStatus state={holder.state} />
              <Text size="xs" c="dimmed">
                Last synced <Ago at={holder.lastSyncedAt} />
              </Text>
            </Group>
            <Text size="sm">
              <ConnectedAlready holder={holder} />
            </Text>
          </Stack>
        )}
        <Group mt="auto" justify="space-between">
          <Anchor href={`/docs/admins/${connector.name}`} target="_blank" size="sm" underline="always">
            Connection guide
          </Anchor>
          {usable && (
            <Button
              component={Link}
              to={`/connect/${connector.name}?environment=${environment}`}
              variant={holder ? "default" : "filled"}
              aria-label={`Choose ${connector.title}`}
            >
              Choose
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}
