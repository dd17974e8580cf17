import { createContext, type ReactNode, useContext, useEffect, useEffectEvent, useMemo, useState } from "react";
import type { Api } from "./client";
import { follow } from "./follow";
import { LiveDocument, type LiveSubscription } from "./live.generated";

/** What feed entries are about. */
export type FeedKind =
  | "alert"
  | "permission"
  | "check"
  | "onboarding"
  | "settings"
  | "mapping"
  | "simulation"
  | "run"
  | "log"
  | "integration"
  | "member"
  | "channel"
  | "workspace";

/** How the page stands to the server: LIVE means that everything up to now has come. */
export type LiveState = "CONNECTING" | "LIVE" | "RECONNECTING";

type Entry = NonNullable<LiveSubscription["workspaceEvents"]["entry"]>;

/** null says that anything may have happened. */
type Listener = (entry: Entry | null) => void;

interface Feed {
  state: LiveState;
  listen(listener: Listener): () => void;
}

const ApiContext = createContext<Api | null>(null);
const FeedContext = createContext<Feed | null>(null);

/** LiveProvider follows the workspace's feed for everything below it. */
export function LiveProvider({ api, children }: { api: Api; children: ReactNode }) {
  const [state, setState] = useState<LiveState>("CONNECTING");
  const [listeners] = useState(() => new Set<Listener>());
  useEffect(() => {
    const tell = (entry: Entry | null) => {
      for (const listener of listeners) listener(entry);
    };
    const stopWatching = api.socket.on("closed", () => setState("RECONNECTING"));
    const stopFollowing = follow(api.socket, LiveDocument, {}, (data: LiveSubscription) => data.workspaceEvents, {
      onEvent(event) {
        if (event.snapshot) setState("LIVE");
        else if (event.entry) tell(event.entry);
      },
      onGap: () => tell(null),
    });
    return () => {
      stopFollowing();
      stopWatching();
    };
  }, [api, listeners]);
  const feed = useMemo(
    () => ({
      state,
      listen(listener: Listener) {
        listeners.add(listener);
        return () => {
          listeners.delete(listener);
        };
      },
    }),
    [state, listeners],
  );
  return (
    <ApiContext value={api}>
      <FeedContext value={feed}>{children}</FeedContext>
    </ApiContext>
  );
}

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error("useApi outside of a LiveProvider");
  return api;
}

export function useLiveState(): LiveState {
  return useContext(FeedContext)?.state ?? "CONNECTING";
}

// Many entries of one step come at once; what they changed is asked for once.
const together = 200;

/** useLive calls back shortly after something of these kinds has happened, of one integration if that is named. */
export function useLive(kinds: readonly FeedKind[], onChange: () => void, integrationId?: string) {
  const feed = useContext(FeedContext);
  const changed = useEffectEvent(onChange);
  const wanted = kinds.join(" ");
  const listen = feed?.listen;
  useEffect(() => {
    if (!listen || wanted === "") return;
    const kindSet = new Set(wanted.split(" "));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = listen((entry) => {
      if (entry && !kindSet.has(entry.kind)) return;
      if (entry && integrationId && entry.integration?.id !== integrationId) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        changed();
      }, together);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [listen, wanted, integrationId]);
}
