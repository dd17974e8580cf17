import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./AlertsPage";
import type { AlertRowFragment, AlertsScreenQuery } from "./alerts.generated";

// The cache needs to know what everything is.
const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });
const edges = <Node extends object>(type: string, nodes: readonly Node[]) =>
  nodes.map((node) => of(`${type}Edge`, { node: of(type, node) }));

const integration = of("Integration", {
  id: "int_1",
  environment: "SANDBOX" as const,
  connector: of("Connector", { title: "Salesforce" }),
  instance: of("Instance", { id: "00D1", name: "Northwind" }),
});

function alert(change: Partial<AlertRowFragment>): AlertRowFragment {
  return {
    id: "alr_1",
    title: "Contact.Email can no longer be read",
    severity: "CRITICAL",
    mandatory: true,
    state: "OPEN",
    objectName: "Contact",
    fieldName: "Email",
    folded: false,
    occurrences: 3,
    flaps: 0,
    openedAt: "2026-03-02T08:00:00Z",
    since: "2026-03-02T07:00:00Z",
    snoozedUntil: null,
    resolvedAt: null,
    resolution: null,
    integration,
    foldedAlerts: [],
    ...change,
  };
}

const page = of("PageInfo", { hasNextPage: false, endCursor: null });

function answer(alerts: AlertRowFragment[], change: Partial<AlertsScreenQuery> = {}): AlertsScreenQuery {
  return {
    unreadCount: 1,
    states: [of("AlertCount", { key: "OPEN", count: alerts.length })],
    open: [],
    alertRules: [
      of("AlertRuleInfo", {
        rule: "STANDARD_FIELD_ACCESS_LOST",
        title: "Standardized field lost",
        description: "A mapped field cannot be read any more.",
        severity: "CRITICAL",
        mandatory: true,
        mailed: "DIGEST",
        mutedAt: null,
        mutedReason: "",
      }),
      of("AlertRuleInfo", {
        rule: "SCHEMA_CHANGED",
        title: "Schema changed",
        description: "Fields came or went.",
        severity: "INFO",
        mandatory: false,
        mailed: "NEVER",
        mutedAt: null,
        mutedReason: "",
      }),
    ],
    integrations: of("IntegrationConnection", {
      edges: edges("Integration", [
        {
          ...integration,
          state: "ACTIVE" as const,
          permissionSnapshots: of("PermissionSnapshotConnection", {
            edges: edges("PermissionSnapshot", [{ id: "snp_1", lastSeenAt: "2026-03-02T09:00:00Z" }]),
          }),
        },
      ]),
    }),
    newest: of("InboxItemConnection", { edges: edges("InboxItem", [{ id: "inb_9" }]) }),
    alerts: of("AlertConnection", { totalCount: alerts.length, pageInfo: page, edges: edges("Alert", alerts) }),
    unread: of("InboxItemConnection", {
      edges: edges("InboxItem", [{ id: "inb_9", read: false, alert: of("Alert", { id: "alr_1" }) }]),
    }),
    ...change,
  };
}

it("lists open alerts by how bad they are, with what is folded under them and what is unread", async () => {
  const { sent } = renderScreen(
    Component,
    {
      AlertsScreen: answer([
        alert({
          id: "alr_2",
          title: "Account can no longer be read",
          foldedAlerts: [of("Alert", { id: "alr_3" }), of("Alert", { id: "alr_4" })],
          severity: "WARNING",
        }),
        alert({}),
      ]),
    },
    { path: "/alerts" },
  );
  const link = await screen.findByRole("link", { name: "Contact.Email can no longer be read" });
  expect(link).toHaveAttribute("href", "/alerts/alr_1");
  expect(screen.getAllByRole("heading", { level: 2 }).map((each) => each.textContent)).toEqual(["Critical", "Warning"]);
  const rows = screen.getAllByRole("listitem");
  expect(rows[0]).toHaveTextContent("Unread:");
  expect(rows[0]).toHaveTextContent("Salesforce Northwind (sandbox)");
  expect(rows[1]).toHaveTextContent("+2 fields");
  expect(rows[1]).not.toHaveTextContent("Unread:");
  expect(new Set(sent.map(({ name }) => name))).toEqual(new Set(["AlertsScreen"]));
  expect(sent[0]?.variables).toMatchObject({
    list: true,
    filter: { states: ["OPEN", "ACKNOWLEDGED", "SNOOZED", "REOPENED"], hideFolded: true },
  });
});

it("says that nothing is wrong, and when that was last checked", async () => {
  renderScreen(Component, { AlertsScreen: answer([]) }, { path: "/alerts" });
  const heading = await screen.findByRole("heading", { name: "Nothing is wrong" });
  expect(heading.parentElement).toHaveTextContent("The last check was");
});

it("keeps what is chosen in the address, and asks for that", async () => {
  const user = userEvent.setup();
  const { sent, router } = renderScreen(
    Component,
    { AlertsScreen: answer([alert({})]) },
    { path: "/alerts", at: "/alerts?integration=int_1&search=mail" },
  );
  await user.selectOptions(await screen.findByLabelText("Severity"), "CRITICAL");
  await waitFor(() =>
    expect(sent.at(-1)?.variables["filter"]).toEqual({
      states: ["OPEN", "ACKNOWLEDGED", "SNOOZED", "REOPENED"],
      severities: ["CRITICAL"],
      integrationId: "int_1",
      search: "mail",
    }),
  );
  expect(router.state.location.search).toBe("?severity=CRITICAL&integration=int_1&search=mail");
});

it("marks everything as read that had happened when the list was loaded", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      AlertsScreen: answer([alert({})]),
      AlertsMarkRead: { markInboxRead: of("MarkInboxReadPayload", { unreadCount: 0, userErrors: [] }) },
    },
    { path: "/alerts" },
  );
  await user.click(await screen.findByRole("button", { name: "Mark all as read" }));
  expect(await screen.findByText("Everything is marked as read.")).toBeVisible();
  expect(sent.find(({ name }) => name === "AlertsMarkRead")?.variables).toMatchObject({ throughItemId: "inb_9" });
});

it("has nothing to read for a token", async () => {
  renderScreen(Component, { AlertsScreen: answer([alert({})]) }, { path: "/alerts", viewer: { kind: "SERVICE" } });
  await screen.findByRole("link", { name: /Contact.Email/ });
  expect(screen.queryByRole("button", { name: "Mark all as read" })).toBeNull();
  expect(screen.queryByRole("tab", { name: /Unread/ })).toBeNull();
});

it("mutes a rule with the reason, and no mandatory one", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      AlertsScreen: answer([]),
      AlertRuleMute: {
        muteAlertRule: of("MuteAlertRulePayload", {
          rule: null,
          userErrors: [
            of("UserError", {
              code: "BAD_INPUT",
              message: "A reason has at most 500 characters.",
              hint: "",
              field: ["reason"],
              docsUrl: "",
            }),
          ],
        }),
      },
    },
    { path: "/alerts", at: "/alerts?tab=rules" },
  );
  await user.click(await screen.findByRole("button", { name: "Mute Schema changed" }));
  expect(screen.queryByRole("button", { name: "Mute Standardized field lost" })).toBeNull();
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByLabelText("Why"), "We add fields daily");
  await user.click(within(dialog).getByRole("button", { name: "Mute" }));
  expect(await within(dialog).findByText("A reason has at most 500 characters.")).toBeVisible();
  expect(sent.find(({ name }) => name === "AlertRuleMute")?.variables).toMatchObject({
    rule: "SCHEMA_CHANGED",
    reason: "We add fields daily",
  });
});
