import { Alert, Button, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { IconExternalLink, IconUserQuestion } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { useClient } from "urql";
import { useCommand } from "~/api/command";
import { useScreen } from "~/api/query";
import { Guarded } from "~/integration/Guarded";
import { Empty } from "~/ui/Empty";
import { CommandProblems } from "~/ui/Notice";
import { Loaded } from "~/ui/Page";
import {
  PermissionSimulationsAfterDocument,
  PermissionSimulationsTabDocument,
  type PermissionSimulationsTabQuery,
  PermissionStartSimulationDocument,
  type PermissionStartSimulationMutation,
} from "./history.generated";
import { NoSuchIntegration } from "./NoSuchIntegration";
import { OlderButton } from "./OlderButton";
import { Simulation } from "./Simulation";
import { useMore } from "./useMore";

type Shown = NonNullable<PermissionSimulationsTabQuery["integration"]>;

const ofStart = (data: PermissionStartSimulationMutation) => data.startIdentitySimulation;

/** SimulationsTab asks what would work with another login, and keeps the earlier answers. */
export function SimulationsTab({ integrationId }: { integrationId: string }) {
  const screen = useScreen(
    PermissionSimulationsTabDocument,
    { id: integrationId },
    { kinds: ["simulation", "integration"], integrationId },
  );
  return (
    <Loaded screen={screen}>
      {({ integration }) =>
        integration ? <Simulations integration={integration} onStarted={screen.refresh} /> : <NoSuchIntegration />
      }
    </Loaded>
  );
}

function Simulations({ integration, onStarted }: { integration: Shown; onStarted(): void }) {
  const client = useClient();
  const crm = integration.connector.title;
  const command = useCommand(PermissionStartSimulationDocument, ofStart);
  const [started, setStarted] = useState<{ id: string; signInUrl: string } | null>(null);
  const ask = useCallback(
    async (after: string) => {
      const { data } = await client.query(PermissionSimulationsAfterDocument, { id: integration.id, after });
      return data?.integration?.identitySimulations;
    },
    [client, integration.id],
  );
  const list = useMore(integration.id, integration.identitySimulations, ask);
  const start = async () => {
    const { payload } = await command.run({ integrationId: integration.id });
    if (!payload?.simulation || !payload.signInUrl) return;
    setStarted({ id: payload.simulation.id, signInUrl: payload.signInUrl });
    onStarted();
  };
  // The link is good until somebody has signed in.
  const waiting = started && list.nodes.find((each) => each.id === started.id);
  const link = waiting === undefined || waiting?.state === "WAITING" ? started : null;
  return (
    <Stack gap="md">
      <Paper withBorder p="md">
        <Stack gap="sm">
          <Text size="sm" maw={760}>
            Before you connect with another user, or change a permission set, see what would work: sign in to {crm} as
            that user, and Fieldwarden compares what that user may do with what your settings need. Nothing changes, and
            no credential is kept.
          </Text>
          <CommandProblems outcome={command.outcome} />
          {link && (
            <Alert
              color="blue"
              variant="light"
              icon={<IconUserQuestion aria-hidden />}
              title="Sign in as the other user"
            >
              <Stack gap="sm">
                <List size="sm" spacing={4}>
                  <List.Item>The link works once, for ten minutes.</List.Item>
                  <List.Item>
                    If this browser is signed in to {crm} already, open the link in a private window: otherwise you may
                    not be asked who you are.
                  </List.Item>
                  <List.Item>The result appears below by itself.</List.Item>
                </List>
                <Group>
                  <Button
                    component="a"
                    href={link.signInUrl}
                    target="_blank"
                    rel="noreferrer"
                    rightSection={<IconExternalLink size={16} aria-hidden />}
                  >
                    Sign in to {crm}
                  </Button>
                </Group>
              </Stack>
            </Alert>
          )}
          <Group>
            <Guarded
              scope="CONNECT"
              variant={link ? "default" : "filled"}
              loading={command.busy}
              onClick={() => void start()}
            >
              {link ? "Start again" : "Start a simulation"}
            </Guarded>
          </Group>
        </Stack>
      </Paper>
      {list.total === 0 ? (
        <Empty icon={IconUserQuestion} title="Nobody has simulated another login yet">
          The results are listed here, newest first.
        </Empty>
      ) : (
        <Stack gap="sm">
          <Title order={2}>Results</Title>
          {list.nodes.map((simulation, index) => (
            <Simulation key={simulation.id} simulation={simulation} newest={index === 0} />
          ))}
          <OlderButton list={list} what="simulations" />
        </Stack>
      )}
    </Stack>
  );
}
