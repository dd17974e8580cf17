import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { type Answers, renderScreen } from "~/test/render";
import {
  answer,
  bulk,
  create,
  dataSync,
  effect,
  email,
  integration,
  of,
  preflight,
  refusal,
  restricted,
  setting,
  stage,
} from "./fixture";
import { Component } from "./SettingsPage";

// Typing into dialogs takes its time where many tests share a machine.
vi.setConfig({ testTimeout: 30_000 });

beforeEach(() => sessionStorage.clear());

const all = [dataSync, restricted, stage, create, bulk, email];

function show(answers: Answers = {}, options: { at?: string; viewer?: object } = {}) {
  return renderScreen(
    Component,
    { SettingsScreen: answer(integration(all)), ...answers },
    { path: "/integrations/:integrationId/settings", at: "/integrations/int_1/settings", ...options },
  );
}

it("shows what holds, what is missing and how to get it", async () => {
  show();
  expect(await screen.findByRole("heading", { level: 1, name: "Settings of Northwind" })).toBeVisible();
  expect(screen.getByRole("heading", { level: 2, name: "Exported to the CRM" })).toBeVisible();
  expect(screen.getByRole("switch", { name: "Create contacts" })).toBeChecked();
  const missing = screen.getByRole("switch", { name: "Require an e-mail address" }).closest("li");
  if (!missing) throw new Error("the setting has no row");
  expect(within(missing).getByText("Right missing")).toBeVisible();
  expect(within(missing).getByText("create Contact.Email")).toBeVisible();
  expect(within(missing).getByText("Tick Edit Access.")).toBeInTheDocument();
  expect(within(missing).getByRole("link", { name: "Contact.Email in Data Sync" })).toHaveAttribute(
    "href",
    "/integrations/int_1/data-sync/Contact?field=Email",
  );
  // Nobody has decided: neither on nor off.
  expect(screen.getByText("2 settings to decide")).toBeVisible();
  const undecided = screen.getByRole("radiogroup", { name: /Restricted data mode/ });
  for (const choice of within(undecided).getAllByRole("radio")) expect(choice).not.toBeChecked();
});

it("tells what a change would do before it is saved as told", async () => {
  const follows = effect({
    key: bulk.key,
    title: bulk.title,
    requested: false,
    after: true,
    available: false,
    unavailableReason: "PARENT_DISABLED",
    unavailableMessage: "It belongs to “Create contacts”, which is off or unavailable.",
  });
  const { sent } = show({
    SettingsPreflight: preflight([effect({ key: create.key, title: create.title }), follows]),
    SettingsUpdate: { updateSettings: of("UpdateSettingsPayload", { settings: null, userErrors: [] }) },
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("switch", { name: "Create contacts" }));
  // A child of what is being switched off says so.
  expect(screen.getByText(/Its value is kept/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Review and save" }));
  const dialog = await screen.findByRole("dialog", { name: "Review and save" });
  expect(await within(dialog).findByText("What follows from it")).toBeVisible();
  expect(within(dialog).getByText("Stays: On")).toBeVisible();
  await user.click(within(dialog).getByRole("button", { name: "Save 1 change" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  const changes = [{ key: "contacts.create", value: false }];
  expect(sent.find(({ name }) => name === "SettingsPreflight")?.variables).toEqual({ id: "int_1", changes });
  expect(sent.find(({ name }) => name === "SettingsUpdate")?.variables).toMatchObject({
    integrationId: "int_1",
    expectedVersion: 7,
    changes,
  });
  expect(sessionStorage.getItem("fieldwarden-draft:settings:int_1")).toBeNull();
});

it("does not save what would be refused, and says why", async () => {
  show({
    SettingsPreflight: preflight(
      [effect({ key: create.key, title: create.title, after: true, effectiveAfter: true })],
      [refusal("SETTING_UNAVAILABLE", "contacts.create cannot be set: it is not available.")],
    ),
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("switch", { name: "Create contacts" }));
  await user.click(screen.getByRole("button", { name: "Review and save" }));
  expect(await screen.findByText("contacts.create cannot be set: it is not available.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Save 1 change" })).toBeDisabled();
});

it("keeps the draft when somebody was faster, and tells what they changed", async () => {
  // Begun when data sync was off; it is on now.
  sessionStorage.setItem(
    "fieldwarden-draft:settings:int_1",
    JSON.stringify({ values: { "contacts.create": false }, seen: { dataSync: false, "contacts.create": true } }),
  );
  const { sent } = show({
    SettingsPreflight: preflight([effect({ key: create.key, title: create.title })]),
    SettingsUpdate: {
      updateSettings: of("UpdateSettingsPayload", {
        settings: null,
        userErrors: [refusal("CONFLICT", "The settings are at version 8.")],
      }),
    },
  });
  const user = userEvent.setup();
  const notice = await screen.findByRole("alert");
  expect(within(notice).getByText("Data sync: Off → On")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Review and save" }));
  await user.click(await screen.findByRole("button", { name: "Save 1 change" }));
  expect(await screen.findByText("The settings are at version 8.")).toBeVisible();
  // What would happen is asked again, of the new version.
  const names = sent.map(({ name }) => name);
  await waitFor(() => expect(sent.at(-1)?.name).toBe("SettingsPreflight"));
  expect(names).toContain("SettingsUpdate");
  await user.click(screen.getByRole("button", { name: "Back" }));
  expect(screen.getByText("1 change, not saved")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "I have seen it" }));
  expect(screen.queryByText("Data sync: Off → On")).not.toBeInTheDocument();
});

it("shows settings by objects with the worst right of each", async () => {
  show({}, { at: "/integrations/int_1/settings?view=matrix" });
  const table = await screen.findByRole("table", { name: "Rights that settings need, by object" });
  const row = within(table).getByRole("row", { name: /Require an e-mail address/ });
  expect(within(row).getByText("Missing")).toBeVisible();
  expect(within(row).getByText("Not needed")).toBeVisible();
  expect(within(within(table).getByRole("row", { name: /At which stage/ })).getByText("Not checked")).toBeVisible();
});

it("tells who decided what", async () => {
  show({}, { at: "/integrations/int_1/settings?view=history" });
  expect(await screen.findByText("Ines Admin")).toBeVisible();
  expect(screen.getByText(/Data sync: Not decided/)).toHaveTextContent("Data sync: Not decided → On");
  expect(screen.getByText(/At which stage:/)).toHaveTextContent("→ Closed won");
});

const copied = ({ dryRun }: Record<string, unknown>) => ({
  copySettings: of("CopySettingsPayload", {
    applied: !dryRun,
    plan: [of("PlanEffect", { subject: "dataSync", description: "", before: true, after: false, destructive: false })],
    userErrors: [],
  }),
});

it("copies from another slot after showing the plan", async () => {
  const { sent } = show({
    SettingsCopy: copied,
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Copy from another integration" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("combobox", { name: "From" }));
  await user.click(await screen.findByRole("option", { name: "Northwind sandbox · Sandbox" }));
  expect(await within(dialog).findByText(/Data sync: On/)).toHaveTextContent("Data sync: On → Off");
  await user.click(within(dialog).getByRole("button", { name: "Copy" }));
  await waitFor(() =>
    expect(sent.filter(({ name }) => name === "SettingsCopy").map(({ variables }) => variables)).toMatchObject([
      { from: "int_2", to: "int_1", dryRun: true },
      { from: "int_2", to: "int_1", dryRun: false },
    ]),
  );
});

it("completes the step of the onboarding and leads back to it", async () => {
  const { router } = show(
    {
      SettingsCompleteStep: {
        completeOnboardingStep: of("CompleteOnboardingStepPayload", { integration: null, userErrors: [] }),
      },
    },
    { at: "/integrations/int_1/settings?from=onboarding" },
  );
  await userEvent.click(await screen.findByRole("button", { name: "Complete this step" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/integrations/int_1/onboarding"));
});

it("refuses a viewer without asking, and lets those who may only look not change anything", async () => {
  const { sent, unmount } = show({}, { viewer: { scopes: ["READ"] } });
  expect(screen.getByText("You may not see the settings")).toBeVisible();
  expect(sent).toEqual([]);
  unmount();
  show({}, { viewer: { scopes: ["READ", "READ_SETTINGS"] } });
  expect(await screen.findByRole("switch", { name: "Create contacts" })).toBeDisabled();
  expect(screen.queryByRole("button", { name: "Copy from another integration" })).not.toBeInTheDocument();
});

it("says so when the CRM no longer has what was chosen", async () => {
  const gone = setting({ ...stage, value: "lost", decided: true, valueGone: true });
  show({ SettingsScreen: answer(integration([gone])) });
  expect(await screen.findByText("Choice gone")).toBeVisible();
  expect(screen.getByText(/no longer has the choice “lost”/)).toBeVisible();
});
