import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { renderScreen } from "~/test/render";
import { lookInto } from "./look";
import { Component } from "./WorkspacesPage";

vi.mock("./look", () => ({ lookInto: vi.fn() }));
beforeEach(() => sessionStorage.clear());

const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });

const quiet = {
  integrations: 0,
  states: [] as object[],
  needAttention: 0,
  late: 0,
  stale: 0,
  openCritical: 0,
  openWarning: 0,
  lastSyncedAt: null as string | null,
};

const workspace = (id: string, name: string, health: object) =>
  of("Workspace", {
    id,
    name,
    edition: "ADVANCED_PLUS",
    packageKey: "sales-engagement",
    timeZone: "UTC",
    health: of("WorkspaceHealth", { ...quiet, ...health }),
  });

const answer = {
  workspaces: of("WorkspaceConnection", {
    totalCount: 2,
    pageInfo: of("PageInfo", { hasNextPage: false, endCursor: null }),
    edges: [
      workspace("ws_1", "Contoso", {}),
      workspace("ws_2", "Northwind", {
        integrations: 3,
        states: [
          of("IntegrationStateCount", { state: "ACTIVE", count: 2 }),
          of("IntegrationStateCount", { state: "GRACE", count: 1 }),
        ],
        needAttention: 2,
        stale: 1,
        openCritical: 4,
        openWarning: 1,
        lastSyncedAt: "2026-03-02T08:00:00Z",
      }),
    ].map((node) => of("WorkspaceEdge", { node })),
  }),
  packages: [
    of("Package", { key: "sales-engagement", connector: "salesforce", version: 1, title: "Sales" }),
    of("Package", { key: "sales-engagement", connector: "hubspot", version: 1, title: "Sales" }),
  ],
};

const csm = {
  id: "csm:1",
  kind: "CSM",
  role: "CSM",
  scopes: ["READ", "READ_SETTINGS", "READ_AUDIT", "ENTITLE"],
} as const;
const viewer = { ...csm, scopes: [...csm.scopes] };

it("tells how each workspace fares, and looks into one", async () => {
  renderScreen(Component, { Workspaces: answer }, { viewer });
  const other = await screen.findByRole("article", { name: "Northwind" });
  for (const text of ["2 integrations to look at", "4 critical", "1 warning", "1 stale"]) {
    expect(within(other).getByText(text)).toBeInTheDocument();
  }
  expect(other).toHaveTextContent("3 integrations: 2 active, 1 in grace.");
  const here = screen.getByRole("article", { name: "Contoso" });
  expect(here).toHaveTextContent("You are here");
  expect(here).toHaveTextContent("No integration yet.");
  expect(within(here).queryByRole("button", { name: /Look into it/ })).not.toBeInTheDocument();
  await userEvent.click(within(other).getByRole("button", { name: "Look into it: Northwind" }));
  expect(lookInto).toHaveBeenCalledWith("ws_2");
});

it("sets what a workspace bought and lists what lost its effect", async () => {
  const { sent } = renderScreen(
    Component,
    {
      Workspaces: answer,
      WorkspacesSetEntitlements: {
        setEntitlements: of("SetEntitlementsPayload", {
          workspace: of("Workspace", { id: "ws_2", edition: "CORE", packageKey: "sales-engagement" }),
          disabledSettings: [
            of("DisabledSetting", {
              integration: of("Integration", {
                id: "int_1",
                environment: "PRODUCTION",
                connector: of("Connector", { name: "salesforce", title: "Salesforce" }),
                instance: null,
              }),
              key: "dataValidation",
              reason: "EDITION",
            }),
          ],
          userErrors: [],
        }),
      },
    },
    { viewer },
  );
  await userEvent.click(await screen.findByRole("button", { name: "What it bought: Northwind" }));
  expect(await screen.findByRole("button", { name: "Set" })).toBeDisabled();
  await userEvent.selectOptions(screen.getByLabelText("Edition"), "Core");
  await userEvent.click(screen.getByRole("button", { name: "Set" }));
  expect(
    await screen.findByText("Salesforce, production: dataValidation (the edition does not include it)"),
  ).toBeInTheDocument();
  expect(sent.find(({ name }) => name === "WorkspacesSetEntitlements")?.variables).toMatchObject({
    workspaceId: "ws_2",
    edition: "CORE",
    packageKey: null,
  });
  expect(screen.getByText(/Core · sales-engagement/)).toBeInTheDocument();
});

it("offers a member of several workspaces no purchase", async () => {
  renderScreen(Component, { Workspaces: answer });
  expect(await screen.findByRole("button", { name: /Look into it/ })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /What it bought/ })).not.toBeInTheDocument();
});
