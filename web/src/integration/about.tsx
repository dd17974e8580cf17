import { Anchor, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Environment, Freshness, IntegrationState } from "~/api/schema.generated";
import { Status, type Tone } from "~/ui/Status";
import { words } from "~/ui/words";

/** The picture that a connector brings along. */
export function ConnectorIcon({ svg, size = 32 }: { svg: string; size?: number }) {
  if (!svg) return null;
  // As an image the picture can neither run scripts nor load anything.
  return (
    <img
      src={`data:image/svg+xml,${encodeURIComponent(svg)}`}
      width={size}
      height={size}
      alt=""
      style={{ flex: "none" }}
    />
  );
}

/** "Salesforce, sandbox": what people call an integration before it has an instance. */
export function nameOf(integration: { connector: { title: string }; environment: Environment }): string {
  return `${integration.connector.title}, ${integration.environment.toLowerCase()}`;
}

const states: Record<IntegrationState, [Tone, string]> = {
  DRAFT: ["waiting", "Not signed in"],
  AUTHORIZING: ["waiting", "Signing in"],
  ONBOARDING: ["info", "Onboarding"],
  ACTIVE: ["good", "Active"],
  PAUSED: ["warning", "Paused"],
  GRACE: ["bad", "In grace: sign in again"],
  DISCONNECTED: ["unknown", "Disconnected"],
};

export function StateStatus({ state }: { state: IntegrationState }) {
  const [tone, word] = states[state];
  return <Status tone={tone}>{word}</Status>;
}

/** Why an integration is in its state. A reason that begins with an error code leads to the code's page. */
export function Reason({ text }: { text: string }) {
  const [, code, rest] = /^([A-Z][A-Z_]{3,}): (.+)$/s.exec(text) ?? [];
  if (!code) return <Text size="sm">{text}</Text>;
  return (
    <Text size="sm">
      {rest}{" "}
      <Anchor href={`/docs/errors#${code}`} target="_blank" size="xs" underline="always">
        {code}
      </Anchor>
    </Text>
  );
}

/** Whether the integration has its onboarding before it. */
export function isBeforeOnboarded(state: IntegrationState): boolean {
  return state === "DRAFT" || state === "AUTHORIZING" || state === "ONBOARDING";
}

const freshnesses: Record<Freshness, [Tone, string]> = {
  ON_TIME: ["good", "On time"],
  LATE: ["warning", "Late"],
  STALE: ["bad", "Stale"],
  UNKNOWN: ["unknown", "Not known"],
};

export function FreshnessStatus({ freshness }: { freshness: Freshness }) {
  const [tone, word] = freshnesses[freshness];
  return <Status tone={tone}>{word}</Status>;
}

/** How many alerts of each severity are open. */
export interface OpenAlerts {
  critical: number;
  warning: number;
  info: number;
}

export function AlertCounts({ open }: { open: OpenAlerts }) {
  if (open.critical + open.warning + open.info === 0) return <Status tone="good">No open alerts</Status>;
  return (
    <>
      {open.critical > 0 && <Status tone="bad">{`${open.critical} critical`}</Status>}
      {open.warning > 0 && (
        <Status tone="warning">{`${open.warning} ${open.warning === 1 ? "warning" : "warnings"}`}</Status>
      )}
      {open.info > 0 && <Status tone="info">{`${open.info} info`}</Status>}
    </>
  );
}

/** What an integration is doing right now. */
export function runWords(run: { status: string; phase: string }): string {
  return run.status === "RUNNING" ? `Running: ${words(run.phase).toLowerCase()}` : words(run.status);
}

/** A term and what it stands for, in a <dl>. */
export function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div style={{ minWidth: 0 }}>
      <Text component="dt" size="xs" c="dimmed">
        {term}
      </Text>
      <Text component="dd" size="sm" m={0} style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </div>
  );
}
