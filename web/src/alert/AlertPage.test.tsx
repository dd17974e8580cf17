import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./AlertPage";
import type { AlertFactsFragment, AlertScreenQuery } from "./alert.generated";

// The cache needs to know what everything is.
const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });
const edges = <Node extends object>(type: string, nodes: readonly Node[]) =>
  nodes.map((node) => of(`${type}Edge`, { node: of(type, node) }));

// Drafts outlive a screen.
beforeEach(() => sessionStorage.clear());

const facts: AlertFactsFragment = of("Alert", {
  id: "alr_1",
  state: "OPEN",
  folded: false,
  createdAt: "2026-03-02T08:00:00Z",
  openedAt: "2026-03-02T08:00:00Z",
  since: "2026-03-01T08:00:00Z",
  lastSeenAt: "2026-03-02T09:00:00Z",
  occurrences: 3,
  flaps: 0,
  acknowledgedAt: null,
  acknowledgedBy: "",
  snoozedUntil: null,
  resolvedAt: null,
  resolution: null,
  resolvedBy: "",
  note: "",
  rule: "STANDARD_FIELD_ACCESS_LOST",
  severity: "CRITICAL",
  mandatory: true,
  objectName: "Contact",
  fieldName: "Email",
  standardField: "contact.email",
  title: "Contact.Email can no longer be read",
  message: "The integration user lost access to Contact.Email.",
  cause: "PERMISSION",
  evidence: "The CRM does not list Email.",
  pageUrl: "https://fieldwarden.example.com/integrations/int_1/data-sync/Contact?field=Email",
  integration: of("Integration", {
    id: "int_1",
    environment: "PRODUCTION" as const,
    state: "ACTIVE" as const,
    connector: of("Connector", { title: "Salesforce" }),
    instance: of("Instance", { id: "00D1", name: "Northwind" }),
  }),
  affected: [
    of("Affected", { kind: "FEATURE", key: "contact-view", title: "Contact pages" }),
    of("Affected", { kind: "SETTING", key: "contacts.create", title: "Create contacts" }),
  ],
  fix: of("Fix", {
    steps: ["Open Setup.", "Tick Visible."],
    deepLink: "https://crm.example.com/setup",
    who: "Salesforce admin",
  }),
  foldedAlerts: [],
  deliveries: of("DeliveryConnection", { totalCount: 0, edges: [] }),
});

function answer(change: Partial<AlertFactsFragment> = {}): AlertScreenQuery {
  return {
    node: { ...facts, ...change },
    alertRules: [
      of("AlertRuleInfo", {
        rule: "STANDARD_FIELD_ACCESS_LOST",
        title: "Standardized field lost",
        description: "A mapped field cannot be read any more.",
        mailed: "DIGEST",
        mutedAt: null,
      }),
    ],
    members: of("MemberConnection", {
      edges: edges("Member", [{ id: "mem_2", name: "Ann Admin", email: "ann@example.com" }]),
    }),
    unread: of("InboxItemConnection", {
      edges: edges("InboxItem", [
        { id: "inb_1", read: false, alert: of("Alert", { id: "alr_1" }) },
        { id: "inb_2", read: false, alert: of("Alert", { id: "alr_other" }) },
      ]),
    }),
  };
}

const read = { markInboxRead: of("MarkInboxReadPayload", { unreadCount: 1, userErrors: [] }) };
const at = { path: "/alerts/:alertId", at: "/alerts/alr_1" };

it("tells cause, evidence, repair and what breaks, and marks what it told as read", async () => {
  const { sent } = renderScreen(Component, { AlertScreen: answer(), AlertsMarkRead: read }, at);
  expect(await screen.findByText("The integration user lacks the permission")).toBeVisible();
  expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("Contact.Email can no longer be read");
  expect(screen.getByText("The CRM does not list Email.")).toBeVisible();
  expect(screen.getByText("Tick Visible.")).toBeVisible();
  expect(screen.getByText("Who can do it: Salesforce admin")).toBeVisible();
  expect(screen.getByRole("link", { name: "Open in Salesforce" })).toHaveAttribute(
    "href",
    "https://crm.example.com/setup",
  );
  expect(screen.getByRole("link", { name: "See it in Data Sync" })).toHaveAttribute(
    "href",
    "/integrations/int_1/data-sync/Contact?field=Email",
  );
  expect(screen.getByText("Contact pages")).toBeVisible();
  expect(screen.getByText(/told in the daily digest/)).toBeVisible();
  await waitFor(() => expect(sent.at(-1)?.name).toBe("AlertsMarkRead"));
  expect(sent.at(-1)?.variables).toMatchObject({ itemIds: ["inb_1"] });
});

it("does not let a mandatory alert be dismissed, and says why", async () => {
  renderScreen(Component, { AlertScreen: answer(), AlertsMarkRead: read }, at);
  expect(await screen.findByRole("button", { name: "Dismiss" })).toBeDisabled();
  expect(screen.getByRole("note", { name: /ends by itself/ })).toBeVisible();
});

it("acknowledges with a note", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      AlertScreen: answer(),
      AlertsMarkRead: read,
      AlertAcknowledge: {
        acknowledgeAlert: of("AcknowledgeAlertPayload", {
          alert: { ...facts, state: "ACKNOWLEDGED", acknowledgedAt: "2026-03-02T10:00:00Z", acknowledgedBy: "mem_2" },
          userErrors: [],
        }),
      },
    },
    at,
  );
  await user.click(await screen.findByRole("button", { name: "Acknowledge" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByLabelText("Note"), "Asked our admin");
  await user.click(within(dialog).getByRole("button", { name: "Acknowledge" }));
  expect(await screen.findByText("Acknowledged by Ann Admin")).toBeVisible();
  expect(sent.find(({ name }) => name === "AlertAcknowledge")?.variables).toMatchObject({
    alertId: "alr_1",
    note: "Asked our admin",
  });
});

it("snoozes for an hour, and leaves a note that was not changed alone", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      AlertScreen: answer({ note: "before" }),
      AlertsMarkRead: read,
      AlertSnooze: {
        snoozeAlert: of("SnoozeAlertPayload", {
          alert: null,
          userErrors: [
            of("UserError", {
              code: "CONFLICT",
              message: "The alert is resolved.",
              hint: "",
              field: ["alertId"],
              docsUrl: "",
            }),
          ],
        }),
      },
    },
    at,
  );
  const before = Date.now();
  await user.click(await screen.findByRole("button", { name: "Snooze" }));
  await user.click(await screen.findByRole("menuitem", { name: "For an hour" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Snooze" }));
  expect(await within(dialog).findByText("The alert is resolved.")).toBeVisible();
  const variables = sent.find(({ name }) => name === "AlertSnooze")?.variables;
  expect(variables?.["note"]).toBeNull();
  const until = Date.parse(String(variables?.["until"])) - before;
  expect(until).toBeGreaterThan(59 * 60_000);
  expect(until).toBeLessThan(61 * 60_000);
});

it("checks the field again, and says what it found", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      AlertScreen: answer(),
      AlertsMarkRead: read,
      AlertRecheckField: {
        recheckFields: of("RecheckFieldsPayload", {
          object: of("CrmObject", {
            id: "obj_1",
            checkedAt: "2026-03-02T10:00:00Z",
            stale: false,
            staleReason: "",
            rights: of("Rights", { read: true }),
            missingRights: [],
            field: of("CrmField", { id: "fld_1", rights: of("Rights", { read: false }), missingRights: ["READ"] }),
          }),
          userErrors: [],
        }),
      },
    },
    at,
  );
  await user.click(await screen.findByRole("button", { name: "Check again now" }));
  expect(await screen.findByText("Checked just now: Contact.Email still lacks access.")).toBeVisible();
  expect(sent.find(({ name }) => name === "AlertRecheckField")?.variables).toMatchObject({
    integrationId: "int_1",
    object: "Contact",
    field: "Email",
  });
});

it("says at once that an alert is over, and offers nothing to do about it", async () => {
  const resolved = answer({ state: "RESOLVED", resolvedAt: "2026-03-02T10:00:00Z", resolution: "RESTORED" });
  renderScreen(Component, { AlertScreen: resolved, AlertsMarkRead: read }, at);
  expect(await screen.findByText(/Should the problem come back/)).toHaveTextContent("access is back");
  expect(screen.queryByRole("button", { name: "Acknowledge" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Check again now" })).toBeNull();
});

it("leads back when there is no such alert", async () => {
  renderScreen(Component, { AlertScreen: { ...answer(), node: null } }, at);
  expect(await screen.findByRole("link", { name: "Go to the alerts" })).toHaveAttribute("href", "/alerts");
});
