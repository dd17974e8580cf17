import { useCallback, useEffect, useState } from "react";
import { useClient } from "urql";
import { follow } from "~/api/follow";
import { useApi } from "~/api/live";
import type { LogLevel } from "~/api/schema.generated";
import {
  type RunLogLineFragment as Line,
  RunLogTailDocument,
  type RunLogTailSubscription,
  RunOlderLogDocument,
} from "./run.generated";

export interface LogFilter {
  level: LogLevel;
  object: string | null;
  search: string | null;
}

/** A page of the log, as the API gives it. */
export interface LogPage {
  pageInfo: { hasPreviousPage: boolean; startCursor: string | null };
  edges: readonly ({ node: Line | null } | null)[] | null;
}

export interface RunLog {
  lines: readonly Line[];
  /** Whether there are older lines to ask for. */
  hasOlder: boolean;
  /** Whether older lines are left out because so many are shown. */
  full: boolean;
  loading: boolean;
  failed: boolean;
  loadOlder(): void;
}

/** The most lines that are kept on the page. */
export const mostLines = 2_000;

/** Lines in their order, each once, the newest if there are too many. */
export function merge(lines: readonly Line[], more: readonly Line[]): readonly Line[] {
  const bySeq = new Map(lines.map((line) => [line.seq, line]));
  const before = bySeq.size;
  for (const line of more) bySeq.set(line.seq, line);
  if (bySeq.size === before) return lines;
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-mostLines);
}

function linesOf(page: LogPage): Line[] {
  return (page.edges ?? []).flatMap((edge) => edge?.node ?? []);
}

/**
 * useRunLog is the log of a run as a filter lets it through: the newest lines, what is added
 * while the run is active, and older ones on request. base is its newest page, when the screen
 * has it already. The caller begins anew, with a key, when the filter changes.
 */
export function useRunLog(runId: string, filter: LogFilter, active: boolean, base: LogPage | null): RunLog {
  const client = useClient();
  const { socket } = useApi();
  const { level, object, search } = filter;
  const [lines, setLines] = useState<readonly Line[]>(() => (base ? linesOf(base) : []));
  // The oldest page that is here; null before the first.
  const [edge, setEdge] = useState(base);
  const [loading, setLoading] = useState(false);
  const [failed, setFailed] = useState(false);
  const ask = useCallback(
    async (before: string | null): Promise<LogPage | null> => {
      setLoading(true);
      const variables = { id: runId, level, object, search, before };
      const { data } = await client.query(RunOlderLogDocument, variables, { requestPolicy: "network-only" });
      setLoading(false);
      const page = data?.node && "logs" in data.node ? data.node.logs : null;
      setFailed(page === null);
      if (page) setLines((known) => merge(known, linesOf(page)));
      return page;
    },
    [client, runId, level, object, search],
  );

  // The screen asks again as the run goes on: its page holds newer lines then.
  useEffect(() => {
    if (base) setLines((known) => merge(known, linesOf(base)));
  }, [base]);

  const known = base !== null;
  useEffect(() => {
    let left = false;
    const catchUp = async () => {
      const page = await ask(null);
      if (!left) setEdge((present) => present ?? page);
    };
    if (!active) {
      if (!known) catchUp();
      return () => {
        left = true;
      };
    }
    const pick = (data: RunLogTailSubscription) => data.runLogTail;
    const stop = follow(socket, RunLogTailDocument, { runId, level, object, search }, pick, {
      onEvent(event) {
        // At the marker: what was written between the screen's answer and now.
        if (event.snapshot) catchUp();
        else setLines((present) => merge(present, event.entries));
      },
      onGap() {
        // Too much is missing to go on from what is here.
        setLines([]);
        setEdge(null);
        catchUp();
      },
    });
    return () => {
      left = true;
      stop();
    };
  }, [socket, ask, active, known, runId, level, object, search]);

  const full = lines.length >= mostLines;
  return {
    lines,
    hasOlder: !full && (edge?.pageInfo.hasPreviousPage ?? false),
    full,
    loading,
    failed,
    async loadOlder() {
      const page = await ask(edge?.pageInfo.startCursor ?? null);
      if (page) setEdge(page);
    },
  };
}
