import { type DocumentInput, stringifyDocument } from "@urql/core";
import type { Client as SocketClient } from "graphql-ws";

/** What every event of the feed carries. */
export interface FeedEvent {
  cursor: string;
  snapshot: boolean;
}

export interface Follower<Event> {
  /** An event; the marker (snapshot true) says that what was missed has come and what follows is live. */
  onEvent(event: Event): void;
  /** What was missed is too long ago to be replayed: the present state must be asked for. */
  onGap(): void;
  /** The subscription was refused for good. */
  onRefused?(error: unknown): void;
}

interface Refusal {
  message?: string;
  extensions?: { code?: string };
}

/**
 * follow subscribes to a view of the feed and comes back where it was after each
 * disconnection: no event is missed, none comes twice. Every subscription of the API has
 * the variables `snapshot` and `after` for that. The result ends it.
 */
export function follow<Data, Event extends FeedEvent>(
  socket: SocketClient,
  document: DocumentInput<Data, Record<string, unknown>>,
  variables: Record<string, unknown>,
  pick: (data: Data) => Event,
  follower: Follower<Event>,
): () => void {
  const query = stringifyDocument(document);
  let ended = false;
  let unsubscribe = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;

  const begin = (after: string | null) => {
    // graphql-ws sends this very object again after a reconnection: by then it holds the last cursor.
    const position: Record<string, unknown> = { ...variables, snapshot: true, after };
    unsubscribe = socket.subscribe<Data>(
      { query, variables: position },
      {
        next(result) {
          if (!result.data) return;
          const event = pick(result.data);
          position["after"] = event.cursor;
          follower.onEvent(event);
        },
        error(error) {
          if (ended) return;
          const code = Array.isArray(error) ? (error[0] as Refusal | undefined)?.extensions?.code : undefined;
          if (code === "CURSOR_EXPIRED" || code === "CURSOR_INVALID") {
            follower.onGap();
            begin(null);
          } else if (
            code === "UNAUTHENTICATED" ||
            code === "FORBIDDEN" ||
            code === "NOT_FOUND" ||
            code === "BAD_INPUT"
          ) {
            follower.onRefused?.(error);
          } else {
            // Cut off, shutting down, too many requests: come back, from where it was.
            timer = setTimeout(() => begin(position["after"] as string | null), 1_000);
          }
        },
        complete() {
          if (!ended) timer = setTimeout(() => begin(position["after"] as string | null), 1_000);
        },
      },
    );
  };
  begin(null);
  return () => {
    ended = true;
    clearTimeout(timer);
    unsubscribe();
  };
}
