import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { renderScreen } from "~/test/render";
import { leaveFor } from "./leave";
import { Component } from "./StartPage";
import { connection, namesOf, refusal, salesforce, sentOf } from "./test/data";

vi.mock("./leave", () => ({ leaveFor: vi.fn() }));
beforeEach(() => sessionStorage.clear());

const dynamics = {
  ...salesforce,
  name: "dynamics365",
  title: "Dynamics 365",
  grants: ["AUTHORIZATION_CODE", "CLIENT_CREDENTIALS"],
  configSchema: {
    type: "object",
    required: ["environmentUrl"],
    properties: {
      environmentUrl: { type: "string", title: "Environment URL", description: "Its address.", format: "uri" },
      authority: { type: "string", title: "Sign-in service", enum: ["a", "b"], default: "a" },
      overlapMinutes: { type: "integer", title: "Overlap", minimum: 1, default: 10 },
      strict: { type: "boolean", title: "Strict", default: true },
    },
  },
};

const features = [{ __typename: "Feature", key: "pipeline", title: "Pipeline", description: "Open opportunities." }];
const objects = [
  {
    __typename: "PackageObject",
    key: "account",
    name: "account",
    label: "Account",
    requirement: "REQUIRED",
    rights: { __typename: "Rights", read: true, create: false, update: false },
  },
];

function show(start: unknown, viewer = {}) {
  return renderScreen(
    Component,
    {
      StartPage: {
        connectors: [dynamics],
        packages: [
          {
            __typename: "Package",
            key: "sales",
            connector: "dynamics365",
            version: 2,
            title: "Sales",
            isNewest: true,
            features,
            objects,
          },
        ],
        integrations: connection(),
      },
      StartIntegration: { startIntegration: { __typename: "StartIntegrationPayload", ...(start as object) } },
    },
    { path: "/connect/:connector", at: "/connect/dynamics365?environment=SANDBOX", viewer },
  );
}

const begun = {
  integration: { __typename: "Integration", id: "int_9", state: "AUTHORIZING", stateReason: "" },
  signInUrl: "https://crm.example.com/authorize",
  userErrors: [],
};

it("tells benefits, prerequisites and rights before anything starts", async () => {
  const { sent } = show(begun);
  expect(await screen.findByRole("heading", { level: 1 })).toHaveTextContent("Connect Dynamics 365, sandbox");
  expect(await screen.findByText("Open opportunities.")).toBeVisible();
  const required = screen.getByText("API Enabled");
  expect(required.compareDocumentPosition(screen.getByText("A user of its own"))).toBe(
    Node.DOCUMENT_POSITION_FOLLOWING,
  );
  expect(screen.getByRole("link", { name: /Help of the vendor/ })).toHaveAttribute(
    "href",
    "https://help.example.com/api",
  );
  expect(screen.getByRole("cell", { name: "Read" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Connection guide" })).toHaveAttribute("href", "/docs/admins/dynamics365");
  expect(namesOf(sent)).toEqual(["StartPage"]);
});

it("asks for what the connector needs, then leads to the sign-in", async () => {
  const { sent } = show(begun);
  const start = await screen.findByRole("button", { name: "Start" });
  await userEvent.click(start);
  expect(screen.getByText("Please enter this.")).toBeVisible();
  expect(namesOf(sent)).toEqual(["StartPage"]);
  await userEvent.type(screen.getByLabelText(/Environment URL/), "https://contoso.crm.dynamics.com");
  await userEvent.click(screen.getByRole("radio", { name: "The app signs in as itself" }));
  await userEvent.click(start);
  expect(sentOf(sent, "StartIntegration")).toEqual([
    {
      key: expect.any(String),
      connector: "dynamics365",
      environment: "SANDBOX",
      scheduleTime: "02:00",
      scheduleZone: "UTC",
      config: { environmentUrl: "https://contoso.crm.dynamics.com" },
      grant: "CLIENT_CREDENTIALS",
    },
  ]);
  expect(leaveFor).toHaveBeenCalledWith("https://crm.example.com/authorize");
});

it("goes on to the onboarding when the app has signed in", async () => {
  const { router } = show({ ...begun, signInUrl: null });
  await userEvent.type(await screen.findByLabelText(/Environment URL/), "https://contoso.crm.dynamics.com");
  await userEvent.click(screen.getByRole("button", { name: "Start" }));
  await screen.findByTestId("elsewhere");
  expect(router.state.location.pathname).toBe("/integrations/int_9/onboarding");
});

it("shows at the field what the API refuses, and keeps what was entered", async () => {
  show({
    integration: null,
    signInUrl: null,
    userErrors: [refusal("BAD_INPUT", "Environment URL: this is no address.", ["config", "environmentUrl"])],
  });
  await userEvent.type(await screen.findByLabelText(/Environment URL/), "nonsense");
  await userEvent.click(screen.getByRole("button", { name: "Start" }));
  expect(await screen.findAllByText("Environment URL: this is no address.")).toHaveLength(2);
  expect(screen.getByLabelText(/Environment URL/)).toHaveValue("nonsense");
  expect(screen.getByLabelText(/Environment URL/)).toBeInvalid();
});

it("says who can start to somebody who may not", async () => {
  const { sent } = show(begun, { scopes: ["READ"] });
  const start = await screen.findByRole("button", { name: "Start" });
  expect(start).toHaveAttribute("aria-disabled", "true");
  await userEvent.click(start);
  expect(await screen.findByText("Owners and admins of the workspace can do this.")).toBeInTheDocument();
  expect(namesOf(sent)).toEqual(["StartPage"]);
});
