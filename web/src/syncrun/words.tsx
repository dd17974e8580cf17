import { Anchor, Stack, Text } from "@mantine/core";
import type { RunObjectStatus, SyncRunKind, SyncRunPhase, SyncRunStatus } from "~/api/schema.generated";
import { Ago } from "~/ui/Ago";
import { Status, type Tone } from "~/ui/Status";
import { duration } from "~/ui/time";
import type { RunCountsFragment } from "./runs.generated";

/** What of a run its status is told by. */
export interface RunState {
  status: SyncRunStatus;
  startedAt: string | null;
  finishedAt: string | null;
  resumeAt: string | null;
  reason: string;
  problem: { code: string; message: string; hint: string } | null;
}

const statuses: Record<SyncRunStatus, [Tone, string]> = {
  QUEUED: ["waiting", "Queued"],
  RUNNING: ["info", "Running"],
  SUCCEEDED: ["good", "Succeeded"],
  PARTIAL: ["warning", "Partial"],
  FAILED: ["bad", "Failed"],
  CANCELLED: ["unknown", "Cancelled"],
  SKIPPED: ["unknown", "Skipped"],
  RATE_LIMITED: ["warning", "Stopped at a limit"],
};

export function RunStatus({ run }: { run: Pick<RunState, "status" | "finishedAt"> }) {
  const [tone, word] = statuses[run.status];
  const waits = run.status === "RATE_LIMITED" && !run.finishedAt;
  return <Status tone={waits ? "waiting" : tone}>{waits ? "Waiting for a limit" : word}</Status>;
}

const objectStatuses: Record<RunObjectStatus, [Tone, string]> = {
  PENDING: ["waiting", "Not yet"],
  RUNNING: ["info", "Being read"],
  SUCCEEDED: ["good", "Read"],
  SKIPPED: ["warning", "Skipped"],
  FAILED: ["bad", "Failed"],
};

export function ObjectStatus({ status }: { status: RunObjectStatus }) {
  const [tone, word] = objectStatuses[status];
  return <Status tone={tone}>{word}</Status>;
}

export const kindWords: Record<SyncRunKind, string> = {
  SCHEDULED: "Daily run",
  CATCH_UP: "Daily run, caught up",
  MANUAL: "Manual run",
  ONBOARDING: "First run",
};

export const phases: readonly (readonly [SyncRunPhase, string])[] = [
  ["CHECKLIST", "Test the connection"],
  ["CHECK", "Check the rights"],
  ["READ", "Read the records"],
  ["EVALUATE", "Evaluate"],
];

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

/** "Mar 2, 2026": a local date, which no zone changes. */
export function dayWords(localDate: string): string {
  return day.format(new Date(`${localDate}T00:00:00Z`));
}

/** Whether a run is still under way. */
export function isActive(run: Pick<RunState, "finishedAt">): boolean {
  return run.finishedAt === null;
}

/** How long something took; what is under way has not taken a time yet. */
export function took(of: { startedAt: string | null; finishedAt: string | null }): string {
  if (!of.startedAt || !of.finishedAt) return "–";
  return duration(Date.parse(of.finishedAt) - Date.parse(of.startedAt));
}

/** "1,204 read · 12 created": the counts that are not 0. */
export function countWords(counters: RunCountsFragment): string {
  const parts = (["read", "created", "updated", "deleted", "skipped", "failed"] as const)
    .filter((key) => counters[key] > 0)
    .map((key) => `${counters[key].toLocaleString()} ${key === "skipped" ? "unchanged" : key}`);
  return parts.length === 0 ? "No records" : parts.join(" · ");
}

/** Why a run is where it is, what to do about it, and when it goes on. */
export function WhyRun({ run }: { run: RunState }) {
  const { problem, reason, resumeAt } = run;
  const said = reason || problem?.message;
  if (!said && !resumeAt) return null;
  return (
    <Stack gap={2}>
      {said && (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {said}
        </Text>
      )}
      {problem?.hint && problem.hint !== said && (
        <Text size="sm" c="dimmed">
          {problem.hint}
        </Text>
      )}
      {resumeAt && (
        <Text size="sm">
          {run.finishedAt ? "The next run goes on where it stopped, " : "It goes on by itself "}
          <Ago at={resumeAt} />.
        </Text>
      )}
      {problem && <CodeLink code={problem.code} />}
    </Stack>
  );
}

/** The page that explains an error code, on this very server. */
export function CodeLink({ code }: { code: string }) {
  return (
    <Anchor href={`/docs/errors#${code}`} target="_blank" size="xs" underline="always" w="fit-content">
      {code}
    </Anchor>
  );
}
