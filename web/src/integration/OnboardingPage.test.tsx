import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { renderScreen } from "~/test/render";
import { leaveFor } from "./leave";
import { Component } from "./OnboardingPage";
import { told } from "./progress";
import { namesOf, northwind, refusal, sentOf } from "./test/data";

vi.mock("./leave", () => ({ leaveFor: vi.fn() }));
beforeEach(() => sessionStorage.clear());

const stepNames = ["AUTHORIZE", "CHECK", "SETTINGS", "STANDARDIZATION", "REVIEW"];

function steps(done: number, blockers: Record<string, string[]> = {}) {
  return stepNames.map((step, index) => ({
    __typename: "OnboardingStepState",
    step,
    done: index < done,
    blockers: blockers[step] ?? [],
  }));
}

const contact = {
  __typename: "CrmObject",
  id: "obj_2",
  name: "Contact",
  label: "Contact",
  requirement: "REQUIRED",
  status: "PERMISSION_MISSING",
  evidence: "Read is missing.",
  checkedAt: "2026-11-20T02:00:00Z",
  stale: false,
  staleReason: "",
  missingRights: ["READ"],
  fix: {
    __typename: "Fix",
    steps: ["Open the permission set.", "Tick Read."],
    deepLink: null,
    who: "An administrator",
  },
};
const account = { ...contact, id: "obj_1", name: "Account", label: "Account", status: "OK", evidence: "", fix: null };

function setting(key: string, title: string, more: object) {
  return {
    __typename: "Setting",
    key,
    title,
    decided: false,
    mustDecide: true,
    available: true,
    value: null,
    effectiveValue: null,
    type: "BOOLEAN",
    options: [],
    ...more,
  };
}

const begun = {
  ...northwind,
  state: "ONBOARDING",
  onboarding: steps(2),
  objects: {
    __typename: "CrmObjectConnection",
    edges: [account, contact].map((node) => ({ __typename: "CrmObjectEdge", node })),
  },
  settings: {
    __typename: "Settings",
    version: 1,
    groups: [
      {
        __typename: "SettingGroup",
        key: "g",
        title: "Sync",
        settings: [
          setting("dataSync", "Data sync", { decided: true, effectiveValue: true }),
          setting("stage", "Pipeline stage", {
            type: "ENUM",
            effectiveValue: "neg",
            options: [{ __typename: "SettingOption", value: "neg", label: "Negotiation" }],
          }),
          setting("off", "Restricted data mode", { effectiveValue: false, available: false }),
        ],
      },
    ],
  },
  standardization: {
    __typename: "Standardization",
    completed: false,
    preconditions: [],
    objects: [
      {
        __typename: "StandardizationObject",
        name: "Account",
        label: "Account",
        published: true,
        standardFieldCount: 10,
        mappedCount: 8,
        unmappedRequired: ["account.name"],
      },
    ],
  },
};

function show(integration: object | null, more: Record<string, unknown> = {}, search = "") {
  return renderScreen(
    Component,
    { Onboarding: { integration }, ...more },
    { path: "/integrations/:integrationId/onboarding", at: `/integrations/int_1/onboarding${search}` },
  );
}

it("opens at the first step that is to do, and shows which are done", async () => {
  const { sent } = show(begun);
  const nav = within(await screen.findByRole("navigation", { name: "Steps of the onboarding" }));
  expect(nav.getByRole("link", { current: "step" })).toHaveTextContent("SettingsNext to do");
  expect(nav.getAllByText("Done")).toHaveLength(2);
  expect(screen.getByText("1 of 2 settings decided")).toBeVisible();
  expect(screen.getByText(/To decide: Pipeline stage/)).toBeVisible();
  expect(screen.getByRole("link", { name: "Open the settings" })).toHaveAttribute(
    "href",
    "/integrations/int_1/settings?from=onboarding",
  );
  expect(namesOf(sent)).toEqual(["Onboarding"]);
});

it("completes a step, or says what blocks it", async () => {
  const blocked = {
    __typename: "CompleteOnboardingStepPayload",
    integration: null,
    userErrors: [refusal("ONBOARDING_BLOCKED", "This is outstanding: Pipeline stage.")],
  };
  const { sent } = show(begun, { OnboardingComplete: { completeOnboardingStep: blocked } });
  await userEvent.click(await screen.findByRole("button", { name: "Complete this step" }));
  expect(await screen.findByText("This is outstanding: Pipeline stage.")).toBeVisible();
  expect(sentOf(sent, "OnboardingComplete")).toEqual([
    { key: expect.any(String), integrationId: "int_1", step: "SETTINGS" },
  ]);
});

it("shows each object with what is missing and how to repair it", async () => {
  show(begun, {}, "?step=CHECK");
  expect(await screen.findByText("2 of 2 objects checked")).toBeVisible();
  expect(screen.getByText("Can be read")).toBeVisible();
  expect(screen.getByText("Cannot be read")).toBeVisible();
  expect(screen.getByText("Tick Read.")).toBeVisible();
  expect(screen.getByText("Install it.", { exact: false })).toBeVisible();
});

it("says that the check is under way while it is", async () => {
  show({ ...begun, onboarding: steps(1, { CHECK: ["The connection has not been tested."] }) });
  expect(await screen.findByText("0 of 2 objects checked")).toBeVisible();
  expect(screen.getAllByText("Waiting")).toHaveLength(2);
});

it("goes on with a sign-in that failed", async () => {
  const { sent } = show(
    { ...begun, state: "DRAFT", stateReason: "OAUTH_DENIED: Nobody consented.", instance: null, onboarding: steps(0) },
    {
      OnboardingSignIn: {
        startIntegration: {
          __typename: "StartIntegrationPayload",
          integration: { __typename: "Integration", id: "int_1", state: "AUTHORIZING", stateReason: "" },
          signInUrl: "https://crm.example.com/again",
          userErrors: [],
        },
      },
    },
  );
  expect(await screen.findByText("Nobody consented.")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Sign in again" }));
  expect(sentOf(sent, "OnboardingSignIn")).toMatchObject([{ connector: "salesforce", environment: "PRODUCTION" }]);
  expect(leaveFor).toHaveBeenCalledWith("https://crm.example.com/again");
});

it("reviews what will be on, and finishes", async () => {
  const done = { ...begun, onboarding: steps(4) };
  const { router, sent } = show(done, {
    OnboardingFinish: {
      finishOnboarding: {
        __typename: "FinishOnboardingPayload",
        integration: { __typename: "Integration", id: "int_1", state: "ACTIVE" },
        userErrors: [],
      },
    },
  });
  expect(await screen.findByText("Data sync")).toBeVisible();
  expect(screen.getByText("Pipeline stage: Negotiation")).toBeVisible();
  expect(screen.queryByText("Restricted data mode")).toBeNull();
  expect(screen.getByText(/Not readable now: Contact/)).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Finish" }));
  await screen.findByTestId("elsewhere");
  expect(router.state.location.pathname).toBe("/integrations/int_1");
  expect(sentOf(sent, "OnboardingFinish")).toHaveLength(1);
});

it("does not finish while something is outstanding", async () => {
  show({ ...begun, onboarding: steps(2, { REVIEW: ["The step SETTINGS is not completed."] }) }, {}, "?step=REVIEW");
  expect(await screen.findByText("The step SETTINGS is not completed.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Finish" })).toBeDisabled();
});

it("asks for no settings of a viewer, and knows no foreign integration", async () => {
  const { sent } = renderScreen(
    Component,
    { Onboarding: { integration: null } },
    {
      path: "/integrations/:integrationId/onboarding",
      at: "/integrations/int_x/onboarding",
      viewer: { scopes: ["READ"] },
    },
  );
  expect(await screen.findByRole("heading", { level: 1 })).toHaveTextContent("There is no such integration");
  expect(sent[0]?.variables).toEqual({ id: "int_x", withSettings: false });
});

it("takes ticks of a check one after the other", () => {
  const none = { objects: {}, checked: 0, total: 0 };
  const one = told(none, { objectName: "Account", readable: true, checked: 1, total: 3 });
  const two = told(one, { objectName: "Contact", readable: null, checked: 1, total: 3 });
  expect(two).toEqual({ objects: { Account: true, Contact: null }, checked: 1, total: 3 });
  expect(told(two, { objectName: "", readable: null, checked: 0, total: 0 })).toBe(two);
});
