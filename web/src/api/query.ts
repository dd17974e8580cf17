import type { AnyVariables, CombinedError, DocumentInput } from "@urql/core";
import { useCallback } from "react";
import { useQuery } from "urql";
import { type FeedKind, useLive } from "./live";

export interface Screen<Data> {
  data: Data | undefined;
  error: CombinedError | undefined;
  /** True while an answer is on its way, also when an older one is shown. */
  fetching: boolean;
  /** Asks again. */
  refresh(): void;
}

/**
 * useScreen asks for what a screen shows, in one request, and asks again when the feed
 * tells that something of the given kinds has happened.
 */
export function useScreen<Data, Variables extends AnyVariables>(
  query: DocumentInput<Data, Variables>,
  variables: Variables,
  live: { kinds: readonly FeedKind[]; integrationId?: string; pause?: boolean } = { kinds: [] },
): Screen<Data> {
  // The variables' shape depends on the document; urql's overload cannot see that here.
  const [result, execute] = useQuery<Data, AnyVariables>({
    query: query as DocumentInput<Data, AnyVariables>,
    variables,
    requestPolicy: "cache-and-network",
    pause: live.pause ?? false,
  });
  const refresh = useCallback(() => execute({ requestPolicy: "network-only" }), [execute]);
  useLive(live.kinds, refresh, live.integrationId);
  return { data: result.data, error: result.error, fetching: result.fetching || result.stale, refresh };
}
