import { Client, type Exchange, gql, makeResult } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { expect, it } from "vitest";
import { filter, map, pipe } from "wonka";
import { cacheConfig } from "./cache";

const counted = gql`{ unreadCount }`;
const inbox = gql`{ inbox(first: 1) { edges { node { id read } } } }`;
const mark = gql`
  mutation ($input: MarkInboxReadInput!) {
    markInboxRead(input: $input) { unreadCount }
  }
`;

it("knows what is unread after reading, without asking", async () => {
  const answers = [
    { unreadCount: 3 },
    {
      inbox: {
        __typename: "InboxItemConnection",
        edges: [{ __typename: "InboxItemEdge", node: { __typename: "InboxItem", id: "inb_1", read: false } }],
      },
    },
    { markInboxRead: { __typename: "MarkInboxReadPayload", unreadCount: 2 } },
  ];
  const server: Exchange = () => (operations) =>
    pipe(
      operations,
      filter(({ kind }) => kind !== "teardown"),
      map((operation) => makeResult(operation, { data: answers.shift() })),
    );
  const client = new Client({
    url: "/graphql",
    exchanges: [cacheExchange(cacheConfig), server],
    preferGetMethod: false,
  });
  await client.query(counted, {});
  await client.query(inbox, {});
  await client.mutation(mark, { input: { idempotencyKey: "1", itemIds: ["inb_1"] } });
  expect(answers).toEqual([]);
  expect((await client.query(counted, {})).data).toMatchObject({ unreadCount: 2 });
  expect((await client.query(inbox, {})).data.inbox.edges[0].node).toMatchObject({ read: true });
});
