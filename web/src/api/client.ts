import { Client, type CombinedError, type Exchange, fetchExchange, mapExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { createClient as createSocket, type Client as SocketClient } from "graphql-ws";
import { cacheConfig } from "./cache";
import { credentials, session } from "./session";

/** What the pages need of the server: queries and mutations over HTTP, subscriptions over one websocket. */
export interface Api {
  client: Client;
  socket: SocketClient;
}

/** createApi makes a connection to the server that the page came from. onUnauthenticated is told when nobody is signed in. */
export function createApi(onUnauthenticated: () => void): Api {
  const socket = createSocket({
    url: () => new URL("/graphql", window.location.href.replace(/^http/, "ws")).href,
    connectionParams: () => ({
      ...(session.token ? { authorization: `Bearer ${session.token}` } : {}),
      ...(session.workspace ? { workspace: session.workspace } : {}),
    }),
    lazy: true,
    // A connection that died without saying so is noticed within this many milliseconds.
    keepAlive: 12_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** retries, 10_000))),
  });
  const client = new Client({
    url: "/graphql",
    preferGetMethod: false,
    fetchOptions: () => ({ headers: credentials(), credentials: "same-origin" }),
    exchanges: [cacheExchange(cacheConfig), refusals(onUnauthenticated), fetchExchange],
  });
  return { client, socket };
}

function refusals(onUnauthenticated: () => void): Exchange {
  return mapExchange({
    onError(error: CombinedError) {
      if (codeOf(error) === "UNAUTHENTICATED") onUnauthenticated();
    },
  });
}

/** The stable code of a refused request; empty when the server could not be reached or did not say. */
export function codeOf(error: CombinedError): string {
  for (const one of error.graphQLErrors) {
    const code = one.extensions?.["code"];
    if (typeof code === "string") return code;
  }
  return error.response?.status === 401 ? "UNAUTHENTICATED" : "";
}
