import type { RunObjectStatus, SyncPhase } from "~/api/schema.generated";

interface Read {
  name: string;
  status: RunObjectStatus;
  phase: SyncPhase;
  counters: { read: number };
}

/**
 * How many records the last run before that read the object to the end in the same phase had
 * read: what an active run can be held against. null when there is none, or nothing to compare.
 */
export function readBefore(
  object: Pick<Read, "name" | "phase">,
  runId: string,
  runs: readonly { id: string; objects: readonly Read[] }[],
): number | null {
  for (const run of runs) {
    if (run.id === runId) continue;
    const then = run.objects.find(({ name }) => name === object.name);
    if (then?.status === "SUCCEEDED" && then.phase === object.phase) {
      return then.counters.read > 0 ? then.counters.read : null;
    }
  }
  return null;
}

/** The milliseconds that are left if as much is read as before; null when that cannot be said. */
export function timeLeft(read: number, before: number | null, perSecond: number | null): number | null {
  if (before === null || perSecond === null || perSecond <= 0 || read >= before) return null;
  return ((before - read) * 1000) / perSecond;
}
