import assert from "node:assert/strict";
import { test } from "node:test";

import { isSubscription, socketURL } from "./fetcher.js";

test("a path becomes a socket URL of the page's own host and security", () => {
  assert.equal(socketURL("/graphql", "http://a.test:8080/graphiql/"), "ws://a.test:8080/graphql");
  assert.equal(socketURL("/graphql", "https://a.test/graphiql/?x#y"), "wss://a.test/graphql");
});

test("only subscriptions go over the socket", () => {
  assert.equal(isSubscription({ query: "{ a }" }), false);
  assert.equal(isSubscription({ query: "subscription { a }" }), true);
  assert.equal(isSubscription({ query: "query Q { a } subscription S { a }", operationName: "Q" }), false);
  assert.equal(isSubscription({ query: "query Q { a } subscription S { a }", operationName: "S" }), true);
  assert.equal(isSubscription({ query: "{ not GraphQL" }), false);
});
