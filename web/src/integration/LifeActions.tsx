import { Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type ReactNode, useState } from "react";
import { useCommand } from "~/api/command";
import { CommandProblems } from "~/ui/Notice";
import { Card } from "./Card";
import { DisconnectDialog } from "./DisconnectDialog";
import { Guarded } from "./Guarded";
import { leaveFor } from "./leave";
import {
  ReconnectIntegrationDocument,
  type ReconnectIntegrationMutation,
  ReplaceIntegrationUserDocument,
  type ReplaceIntegrationUserMutation,
  ResumeIntegrationDocument,
  type ResumeIntegrationMutation,
} from "./life.generated";
import type { Overview } from "./OverviewPage";
import { PauseDialog } from "./PauseDialog";

const pickResume = (data: ResumeIntegrationMutation) => data.resumeIntegration;
const pickReconnect = (data: ReconnectIntegrationMutation) => data.reconnectIntegration;
const pickReplace = (data: ReplaceIntegrationUserMutation) => data.replaceIntegrationUser;

/** What can be done with the integration as a whole, in the state that it is in. */
export function LifeActions({ integration }: { integration: Overview }) {
  const { id, state, connector } = integration;
  const [pausing, setPausing] = useState(false);
  const [disconnecting, setDisconnecting] = useState(false);
  const resume = useCommand(ResumeIntegrationDocument, pickResume);
  const reconnect = useCommand(ReconnectIntegrationDocument, pickReconnect);
  const replace = useCommand(ReplaceIntegrationUserDocument, pickReplace);

  const doResume = async () => {
    const { ok } = await resume.run({ integrationId: id });
    if (ok) tell("The integration is active again.");
  };
  const doReconnect = async () => {
    const { ok, payload } = await reconnect.run({ integrationId: id });
    if (!ok) return;
    if (payload?.signInUrl) leaveFor(payload.signInUrl);
    else tell("The app has signed in.");
  };
  const doReplace = async () => {
    const { ok, payload } = await replace.run({ integrationId: id });
    if (ok && payload?.signInUrl) leaveFor(payload.signInUrl);
  };
  const signedIn = state === "ACTIVE" || state === "PAUSED";
  const lost = state === "GRACE" || state === "DISCONNECTED";
  return (
    <Card title="Manage the connection" id="life">
      <Stack gap="md">
        {state === "ACTIVE" && (
          <Action title="Pause" text="Nothing is synced or checked until it is resumed. Everything is kept.">
            <Guarded scope="CONFIGURE" variant="default" size="xs" onClick={() => setPausing(true)}>
              Pause
            </Guarded>
          </Action>
        )}
        {state === "PAUSED" && (
          <Action title="Resume" text="Syncs and checks go on where they stopped.">
            <Guarded scope="CONFIGURE" size="xs" loading={resume.busy} onClick={() => void doResume()}>
              Resume
            </Guarded>
          </Action>
        )}
        {lost && (
          <Action
            title="Reconnect"
            text={`Sign in to ${connector.title} again. Ids, mappings, settings and history stay; it must be the same instance.`}
          >
            <Guarded scope="CONNECT" size="xs" loading={reconnect.busy} onClick={() => void doReconnect()}>
              Sign in again
            </Guarded>
          </Action>
        )}
        {signedIn && (
          <Action
            title="Replace the integration user"
            text="Sign in to the same instance as another user. The present one goes on until that is done."
          >
            <Guarded
              scope="CONNECT"
              variant="default"
              size="xs"
              loading={replace.busy}
              onClick={() => void doReplace()}
            >
              Sign in as another user
            </Guarded>
          </Action>
        )}
        <Action
          title={state === "DISCONNECTED" ? "Delete what was imported" : "Disconnect"}
          text={
            state === "DISCONNECTED"
              ? "Deletes the records that were imported from the CRM."
              : "The credential is revoked and forgotten, and open alerts are resolved. Mappings and history stay for a reconnection."
          }
        >
          <Guarded scope="CONNECT" variant="light" color="red" size="xs" onClick={() => setDisconnecting(true)}>
            {state === "DISCONNECTED" ? "Delete imported records" : "Disconnect"}
          </Guarded>
        </Action>
        <CommandProblems outcome={resume.outcome} />
        <CommandProblems outcome={reconnect.outcome} />
        <CommandProblems outcome={replace.outcome} />
      </Stack>
      {pausing && <PauseDialog integrationId={id} onClose={() => setPausing(false)} />}
      {disconnecting && <DisconnectDialog integration={integration} onClose={() => setDisconnecting(false)} />}
    </Card>
  );
}

function Action({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <Group justify="space-between" gap="sm">
      <div style={{ flex: "1 1 260px" }}>
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <Text size="sm" c="dimmed">
          {text}
        </Text>
      </div>
      {children}
    </Group>
  );
}

function tell(message: string) {
  notifications.show({ message, closeButtonProps: { "aria-label": "Close" } });
}
