import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { render } from "@testing-library/react";
import { Client, type Exchange, makeResult } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { Kind, type OperationDefinitionNode } from "graphql";
import type { Client as SocketClient } from "graphql-ws";
import type { ComponentType } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { Provider } from "urql";
import { filter, fromPromise, mergeMap, pipe } from "wonka";
import { embeddedTypes } from "~/api/embedded.generated";
import { LiveProvider } from "~/api/live";
import type { Scope } from "~/api/schema.generated";
import { type Viewer, ViewerProvider } from "~/app/viewer";
import { theme, variables } from "~/ui/theme";

/** What the server answers, by the operation's name. */
export type Answers = Record<string, unknown | ((variables: Record<string, unknown>) => unknown)>;

export interface Sent {
  name: string;
  variables: Record<string, unknown>;
}

const scopes: Scope[] = [
  "READ",
  "READ_SETTINGS",
  "READ_AUDIT",
  "OPERATE",
  "CONFIGURE",
  "CONNECT",
  "MANAGE_MEMBERS",
  "MANAGE_TOKENS",
];

const owner = {
  id: "mem_1",
  kind: "MEMBER",
  name: "Olga Owner",
  role: "OWNER",
  scopes,
  member: { id: "mem_1", email: "olga@example.com" },
  workspace: { id: "ws_1", name: "Contoso", edition: "ADVANCED_PLUS", packageKey: "sales-engagement", timeZone: "UTC" },
} as Viewer;

/** renderScreen shows a page as the router would, with a server that gives fixed answers. */
export function renderScreen(
  Component: ComponentType,
  answers: Answers,
  options: { path?: string; at?: string; viewer?: Partial<Viewer> } = {},
) {
  const sent: Sent[] = [];
  // Subscriptions that never say anything: the socket is a test of its own.
  const socket = { subscribe: () => () => {}, on: () => () => {} } as unknown as SocketClient;
  const client = new Client({
    url: "/graphql",
    preferGetMethod: false,
    exchanges: [
      cacheExchange({ keys: Object.fromEntries(embeddedTypes.map((name) => [name, () => null])) }),
      server(answers, sent),
    ],
  });
  const router = createMemoryRouter(
    [
      { path: options.path ?? "/", element: <Component /> },
      { path: "*", element: <div data-testid="elsewhere" /> },
    ],
    { initialEntries: [options.at ?? options.path ?? "/"] },
  );
  const view = render(
    <MantineProvider theme={theme} cssVariablesResolver={variables} env="test">
      <Notifications />
      <Provider value={client}>
        <LiveProvider api={{ client, socket }}>
          <ViewerProvider value={{ ...owner, ...options.viewer }}>
            <RouterProvider router={router} />
          </ViewerProvider>
        </LiveProvider>
      </Provider>
    </MantineProvider>,
  );
  return { ...view, sent, router };
}

function server(answers: Answers, sent: Sent[]): Exchange {
  return () => (operations) =>
    pipe(
      operations,
      filter((operation) => operation.kind !== "teardown"),
      mergeMap((operation) => {
        const definition = operation.query.definitions.find(
          (each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION,
        );
        const name = definition?.name?.value ?? "";
        const variables = operation.variables as Record<string, unknown>;
        sent.push({ name, variables });
        const answer = answers[name];
        if (answer === undefined) throw new Error(`the test has no answer to ${name}`);
        const data = typeof answer === "function" ? answer(variables) : answer;
        return fromPromise(Promise.resolve(makeResult(operation, { data: structuredClone(data) })));
      }),
    );
}
