import { configure, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { type Answers, renderScreen } from "~/test/render";
import { entry, integrationFacts, of, page, rightsOf } from "./fixtures";
import { Component } from "./HistoryPage";

// A busy machine takes its time.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 60_000 });

const path = "/integrations/:integrationId/permissions";
const show = (tab: string, answers: Answers, viewer = {}) =>
  renderScreen(Component, answers, { path, at: `/integrations/int_1/permissions?tab=${tab}`, viewer });

const objects = page("CrmObject", [{ id: "obj_Contact", name: "Contact", label: "Contact" }]);
const integration = (more: object) => of("Query", { integration: of("Integration", { ...integrationFacts, ...more }) });

it("lists changes, filters them and shows older ones", async () => {
  const user = userEvent.setup();
  const changes = page("PermissionChange", [entry({ id: "pch_2" })], { total: 2, end: "c1" });
  const { sent } = show("changes", {
    PermissionChangesTab: integration({ objects, permissionChanges: changes }),
    PermissionChangesAfter: integration({
      permissionChanges: page("PermissionChange", [entry({ id: "pch_1", fieldName: "Phone", change: "RESTORED" })], {
        total: 2,
      }),
    }),
  });
  expect(await screen.findByRole("link", { name: "Contact.Email" })).toHaveAttribute(
    "href",
    "/integrations/int_1/data-sync/Contact?field=Email",
  );
  await user.click(screen.getByRole("button", { name: "Show older" }));
  expect(await screen.findByRole("link", { name: "Contact.Phone" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Show older" })).not.toBeInTheDocument();
  await user.click(screen.getByRole("checkbox", { name: "Lost" }));
  await user.click(screen.getByRole("switch", { name: "Only objects and standardized fields" }));
  const filter = { changes: ["LOST"], objects: null, standardizedOnly: true };
  await waitFor(() => expect(sent.at(-1)?.variables).toEqual({ id: "int_1", filter }));
});

it("shows the history of one field", async () => {
  const { sent } = show("timeline&object=Contact&field=Email", {
    PermissionTimelineTab: {
      ...integration({ objects }),
      permissionTimeline: page("PermissionChange", [entry({ id: "pch_1" })]),
    },
  });
  expect(await screen.findByText("1 change of Contact.Email")).toBeVisible();
  expect(sent.at(-1)?.variables).toEqual({ id: "int_1", object: "Contact", field: "Email", chosen: true });
});

it("compares a snapshot with the one before", async () => {
  const user = userEvent.setup();
  const snapshot = (id: string, createdAt: string) =>
    of("PermissionSnapshot", {
      id,
      createdAt,
      lastSeenAt: createdAt,
      checks: 3,
      trigger: "DAILY",
      apiVersion: "66.0",
      identity: "sync@example.com",
      contentHash: id,
      objectNames: ["Contact"],
    });
  const older = snapshot("snp_1", "2026-11-20T08:00:00Z");
  const newer = snapshot("snp_2", "2026-11-21T08:00:00Z");
  const snapshots = (variables: Record<string, unknown>) => ({
    ...integration({ permissionSnapshots: page("PermissionSnapshot", [newer, older]) }),
    ...(variables["compare"]
      ? {
          permissionDiff: of("PermissionDiff", {
            totalCount: 1,
            from: older,
            to: newer,
            differences: [
              of("SnapshotDifference", {
                objectName: "Contact",
                fieldName: "Email",
                change: "LOST",
                cause: "PERMISSION",
                evidence: "",
                before: rightsOf(true, false, true),
                after: null,
              }),
            ],
          }),
        }
      : {}),
  });
  const { sent, unmount } = show("snapshots", { PermissionSnapshotsTab: snapshots });
  await user.click(await screen.findByRole("button", { name: /compare with the one before/ }));
  const both = { id: "int_1", from: "snp_1", to: "snp_2", compare: true };
  await waitFor(() => expect(sent.at(-1)?.variables).toEqual(both));
  unmount();
  show("snapshots&from=snp_1&to=snp_2", { PermissionSnapshotsTab: snapshots });
  const table = await screen.findByRole("table", { name: "Differences" });
  expect(within(table).getByRole("row", { name: /Contact\.Email Lost read, update not there/ })).toBeVisible();
});

const watchMode = of("WatchMode", {
  interval: "OFF",
  lastProbeAt: null,
  nextProbeAt: null,
  callsPerProbe: 1,
  callsPerDayAtMost: 288,
  unavailableReason: "",
});

it("switches watch mode, and tells a refusal", async () => {
  const user = userEvent.setup();
  const { sent } = show("watch", {
    PermissionWatchTab: integration({ watchMode }),
    PermissionSetWatchMode: of("Mutation", {
      setWatchMode: of("SetWatchModePayload", {
        integration: null,
        userErrors: [
          of("UserError", {
            code: "SETTING_UNAVAILABLE",
            message: "It would take too many calls.",
            hint: "Raise the budget.",
            field: ["interval"],
            docsUrl: "/docs/errors#SETTING_UNAVAILABLE",
          }),
        ],
      }),
    }),
  });
  expect(await screen.findByText("at most 288 CRM calls")).toBeVisible();
  await user.click(screen.getByRole("radio", { name: "Every 15 minutes" }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("It would take too many calls.")).toBeVisible();
  expect(sent.at(-1)?.variables).toMatchObject({ integrationId: "int_1", interval: "EVERY_15_MINUTES" });
});

it("leaves watch mode to admins", async () => {
  show("watch", { PermissionWatchTab: integration({ watchMode }) }, { scopes: ["READ"] });
  expect(await screen.findByRole("radio", { name: "Every 5 minutes" })).toBeDisabled();
  expect(screen.getByText("Owners and admins of the workspace can do this.")).toBeVisible();
});

it("starts a simulation, and shows what would work", async () => {
  const user = userEvent.setup();
  const simulation = (more: object) =>
    of("IdentitySimulation", {
      createdAt: "2026-11-20T08:00:00Z",
      finishedAt: null,
      expiresAt: "2026-11-20T08:10:00Z",
      identity: "",
      problem: null,
      objects: [],
      settings: [],
      ...more,
    });
  const done = simulation({
    id: "sim_1",
    state: "DONE",
    identity: "other@example.com",
    objects: [
      of("SimulatedObject", {
        name: "Lead",
        checkFailed: false,
        readableNow: true,
        missingFields: ["Email"],
        rights: rightsOf(false),
      }),
    ],
    settings: [
      of("SimulatedSetting", {
        key: "leads.create",
        title: "Create leads",
        works: false,
        worksNow: true,
        missing: [of("SettingRequirement", { object: "Lead", field: "", right: "CREATE", status: "MISSING" })],
      }),
    ],
  });
  const started = simulation({ id: "sim_2", state: "WAITING" });
  let all = [done];
  const listed = () => integration({ identitySimulations: page("IdentitySimulation", all) });
  const start = () => {
    all = [started, done];
    return of("Mutation", {
      startIdentitySimulation: of("StartIdentitySimulationPayload", {
        signInUrl: "https://crm.example/authorize",
        simulation: started,
        userErrors: [],
      }),
    });
  };
  show("simulation", { PermissionSimulationsTab: listed, PermissionStartSimulation: start });
  const result = await screen.findByRole("article", { name: "other@example.com" });
  expect(within(result).getByText("It does with the present login.")).toBeVisible();
  expect(within(result).getByText(/Missing: create on Lead/)).toBeVisible();
  expect(within(result).getByText(/Mapped fields that it could not read: Email\./)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Start a simulation" }));
  const link = await screen.findByRole("link", { name: "Sign in to Salesforce" });
  expect(link).toHaveAttribute("href", "https://crm.example/authorize");
  expect(link).toHaveAttribute("target", "_blank");
  expect(await screen.findByText("Waiting for the sign-in")).toBeVisible();
});
