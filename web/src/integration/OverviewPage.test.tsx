import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { renderScreen } from "~/test/render";
import { leaveFor } from "./leave";
import { Component } from "./OverviewPage";
import { namesOf, northwind, refusal, sentOf } from "./test/data";

vi.mock("./leave", () => ({ leaveFor: vi.fn() }));
beforeEach(() => sessionStorage.clear());

function show(integration: object | null, more: Record<string, unknown> = {}, viewer = {}) {
  return renderScreen(
    Component,
    { Overview: { integration }, ...more },
    { path: "/integrations/:integrationId", at: "/integrations/int_1", viewer },
  );
}

const after = (name: string, more: object = {}) => ({
  [name]: { __typename: `${name}Payload`, integration: northwind, userErrors: [], ...more },
});

it("shows the synced CRM, its data and what it spends, in one request", async () => {
  const { sent } = show(northwind);
  expect(await screen.findByRole("heading", { level: 1 })).toHaveTextContent("Northwind Trading");
  expect(screen.getByText("integration@northwind.example.com")).toBeVisible();
  expect(screen.getByText("1 critical")).toBeVisible();
  expect(screen.getByText("25 of 100")).toBeVisible();
  expect(screen.getByRole("progressbar", { name: /REST API.*25 of 100/ })).toBeInTheDocument();
  expect(screen.getByText("The app is installed")).toBeVisible();
  expect(screen.getByText("1 item passed")).toBeVisible();
  expect(screen.getByText("The newest version")).toBeVisible();
  expect(namesOf(sent)).toEqual(["Overview"]);
});

it("leads an integration that is not onboarded to its onboarding", async () => {
  const { router } = show({ ...northwind, state: "ONBOARDING" });
  await screen.findByTestId("elsewhere");
  expect(router.state.location.pathname).toBe("/integrations/int_1/onboarding");
});

it("says that there is no such integration", async () => {
  show(null);
  expect(await screen.findByRole("heading", { level: 1 })).toHaveTextContent("There is no such integration");
});

it("changes the schedule and tells of days on which clocks change", async () => {
  const { sent } = show(northwind, { SetSchedule: after("setSchedule", { notes: ["On 28 March 02:30 is skipped."] }) });
  await userEvent.click(await screen.findByRole("button", { name: "Change the schedule" }));
  const time = await screen.findByLabelText(/Time of day/);
  await userEvent.clear(time);
  await userEvent.type(time, "03:30");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("On 28 March 02:30 is skipped.")).toBeVisible();
  expect(sentOf(sent, "SetSchedule")).toEqual([
    { key: expect.any(String), integrationId: "int_1", time: "03:30", zone: "UTC" },
  ]);
});

it("takes a limit away, and shows a refusal", async () => {
  const { sent } = show(northwind, {
    SetApiBudget: after("setApiBudget", { userErrors: [refusal("BAD_INPUT", "There is no such API.")] }),
  });
  await userEvent.click(await screen.findByRole("button", { name: /Change the limit: REST API/ }));
  await userEvent.clear(await screen.findByLabelText("Calls in one local day"));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("There is no such API.")).toBeVisible();
  expect(sentOf(sent, "SetApiBudget")).toMatchObject([{ apiType: "rest", dailyLimit: null }]);
});

it("disconnects after asking, with the choice to delete what was imported", async () => {
  const { sent } = show(northwind, {
    ["DisconnectIntegration"]: (variables: Record<string, unknown>) =>
      after("disconnectIntegration", {
        purgedRecords: 1234,
        userErrors: variables["confirm"] ? [] : [refusal("CONFIRM_REQUIRED", "Confirm it.")],
      }),
  });
  await userEvent.click(await screen.findByRole("button", { name: "Disconnect" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.click(dialog.getByRole("checkbox"));
  expect(await dialog.findByText(/1,234 records would be deleted/)).toBeVisible();
  expect(dialog.queryByText("Confirm it.")).toBeNull();
  await userEvent.click(dialog.getByRole("button", { name: "Disconnect" }));
  expect(await screen.findByText("The integration is disconnected, and 1,234 records are deleted.")).toBeVisible();
  expect(sentOf(sent, "DisconnectIntegration")).toEqual([
    { key: expect.any(String), integrationId: "int_1", purge: true, confirm: false },
    { key: expect.any(String), integrationId: "int_1", purge: true, confirm: true },
  ]);
});

it("tells of the grace and reconnects", async () => {
  show(
    {
      ...northwind,
      state: "GRACE",
      stateReason: "CRM_GRANT_REVOKED: The access was revoked.",
      graceUntil: "2099-01-01T00:00:00Z",
    },
    { ReconnectIntegration: after("reconnectIntegration", { signInUrl: "https://crm.example.com/again" }) },
  );
  expect(await screen.findByText("The access was revoked.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Pause" })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Sign in again" }));
  expect(leaveFor).toHaveBeenCalledWith("https://crm.example.com/again");
});

it("pauses with a reason", async () => {
  const { sent } = show(northwind, { PauseIntegration: after("pauseIntegration") });
  await userEvent.click(await screen.findByRole("button", { name: "Pause" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("Reason"), "Migration");
  await userEvent.click(dialog.getByRole("button", { name: "Pause" }));
  expect(await screen.findByText("The integration is paused.")).toBeVisible();
  expect(sentOf(sent, "PauseIntegration")).toMatchObject([{ integrationId: "int_1", reason: "Migration" }]);
});

it("shows the plan of a package before it upgrades", async () => {
  const effects = [
    {
      __typename: "PackageEffect",
      kind: "OBJECT_REMOVED",
      subject: "task",
      description: "Tasks are no longer synced.",
      readable: null,
      destructive: true,
    },
  ];
  const { sent } = show(
    { ...northwind, packageUpgrade: { __typename: "PackagePlan", fromVersion: 1, toVersion: 2, effects } },
    { UpgradePackage: after("upgradePackage") },
  );
  expect(await screen.findByText(/Tasks are no longer synced/)).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Upgrade to version 2" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Upgrade" }));
  await screen.findByText(/goes by version 2 now/);
  expect(sentOf(sent, "UpgradePackage")).toEqual([{ key: expect.any(String), integrationId: "int_1", toVersion: 2 }]);
});

it("applies a document only after it has shown what that changes", async () => {
  const plan = [
    {
      __typename: "PlanEffect",
      subject: "schedule",
      kind: "SCHEDULE",
      description: "The daily run moves to 04:00.",
      destructive: false,
    },
  ];
  const { sent } = show(northwind, {
    ["ImportConfiguration"]: (variables: Record<string, unknown>) =>
      after("importConfiguration", { plan, applied: !variables["dryRun"] }),
  });
  await userEvent.type(await screen.findByLabelText("Apply a document"), "schedule: x");
  await userEvent.click(screen.getByRole("button", { name: "Show what it would change" }));
  expect(await screen.findByText("The daily run moves to 04:00.")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Apply it" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Apply" }));
  await screen.findByText("The document is applied.");
  expect(sentOf(sent, "ImportConfiguration").map((each) => each["dryRun"])).toEqual([true, false]);
});

it("keeps the document from those who may not read settings", async () => {
  show(northwind, {}, { scopes: ["READ"] });
  await screen.findByRole("heading", { name: "Package" });
  expect(screen.queryByText("Configuration document")).toBeNull();
  expect(screen.getByRole("button", { name: "Disconnect" })).toHaveAttribute("aria-disabled", "true");
});
