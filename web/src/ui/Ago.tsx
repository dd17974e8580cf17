import { Text, Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { ago, exact } from "./time";

// One clock for all times on the page.
const tick = 15_000;
const watchers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(watcher: () => void) {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of watchers) each();
  }, tick);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Ago shows how long ago a time is; pointing at it tells the exact time in the viewer's zone. */
export function Ago({ at, none = "never" }: { at: string | null | undefined; none?: string }) {
  const shown = useSyncExternalStore(watch, () => now);
  if (!at)
    return (
      <Text span inherit>
        {none}
      </Text>
    );
  const time = new Date(at);
  // The clock ticks seldom: what is newer than its last tick has just happened.
  return (
    <Tooltip label={exact(time)} events={{ hover: true, focus: false, touch: true }} withArrow>
      <time dateTime={at}>{ago(time, new Date(Math.max(shown, Math.min(time.getTime(), Date.now()))))}</time>
    </Tooltip>
  );
}
