// A GraphiQL fetcher over Fieldwarden's transports: HTTP for queries and
// mutations, graphql-transport-ws for subscriptions.
import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-ws";

// socketURL makes the absolute ws: or wss: URL of a path of this server.
export function socketURL(path, location) {
  const url = new URL(path, location);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

export function isSubscription({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName ?? undefined)?.operation === "subscription";
  } catch {
    return false; // the server reports what is wrong with it
  }
}

// describe says why a socket gave no result, as GraphQL errors.
function describe(failure) {
  if (Array.isArray(failure)) return { errors: failure };
  if (failure?.code) return { errors: [{ message: `The socket closed with ${failure.code}: ${failure.reason || "no reason"}` }] };
  return { errors: [{ message: failure?.message ?? "The socket could not be opened." }] };
}

// createFetcher returns {fetch, close}; token() is asked at every request and
// at every opening of the socket. close ends the present socket.
export function createFetcher({ endpoint, wsEndpoint, token }) {
  let client = null;

  function subscriptions() {
    client ??= createClient({
      url: socketURL(wsEndpoint, window.location.href),
      connectionParams: () => (token() ? { authorization: `Bearer ${token()}` } : {}),
      retryAttempts: 3,
    });
    return client;
  }

  async function overHTTP(params, headers) {
    const response = await fetch(endpoint, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        accept: "application/graphql-response+json, application/json;q=0.9",
        "content-type": "application/json",
        ...(token() ? { authorization: `Bearer ${token()}` } : {}),
        ...headers,
      },
      body: JSON.stringify(params),
    });
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      return { errors: [{ message: `The server answered ${response.status} without JSON: ${text.slice(0, 500)}` }] };
    }
  }

  async function* overSocket(params) {
    try {
      yield* subscriptions().iterate(params);
    } catch (failure) {
      yield describe(failure);
    }
  }

  return {
    fetch: (params, options) => (isSubscription(params) ? overSocket(params) : overHTTP(params, options?.headers)),
    close() {
      client?.dispose();
      client = null;
    },
  };
}
