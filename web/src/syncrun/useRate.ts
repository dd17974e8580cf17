import { useEffect, useState } from "react";
import { follow } from "~/api/follow";
import { useApi } from "~/api/live";
import { RunsProgressDocument, type RunsProgressSubscription } from "./runs.generated";

/** How fast an object is being read, by what the server said last. */
export interface Rate {
  object: string;
  perSecond: number;
}

interface Sample {
  at: number;
  read: number;
}

// Steps come in bursts: a rate is taken over this many milliseconds at most.
const span = 60_000;

/** The records per second between the oldest and the newest sample; null while that says nothing. */
export function rateOf(samples: readonly Sample[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < 500 || last.read <= first.read) return null;
  return ((last.read - first.read) * 1000) / (last.at - first.at);
}

/**
 * useRate follows the steps of an active run. Each says when it was saved and how much was
 * read by then: their differences are the rate. One object is read at a time.
 */
export function useRate(runId: string | undefined): Rate | null {
  const { socket } = useApi();
  const [rate, setRate] = useState<Rate | null>(null);
  useEffect(() => {
    setRate(null);
    if (!runId) return;
    let object: string | null = null;
    let samples: Sample[] = [];
    return follow(socket, RunsProgressDocument, { runId }, (data: RunsProgressSubscription) => data.syncRunProgress, {
      onEvent(event) {
        if (event.snapshot || !event.counters) return;
        if (event.object !== object) {
          object = event.object;
          samples = [];
        }
        const at = Date.parse(event.at);
        samples = [...samples, { at, read: event.counters.read }].filter((sample) => at - sample.at <= span);
        const perSecond = rateOf(samples);
        setRate(object !== null && perSecond !== null ? { object, perSecond } : null);
      },
      onGap() {
        samples = [];
      },
    });
  }, [socket, runId]);
  return rate;
}
