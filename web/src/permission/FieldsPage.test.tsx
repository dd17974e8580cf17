import { configure, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./FieldsPage";
import { fieldRow, guides, integrationFacts, lostEmail, of, page, verdict } from "./fixtures";

beforeEach(() => sessionStorage.clear());

// A busy machine takes its time.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 60_000 });

const path = "/integrations/:integrationId/data-sync/:objectName";
const at = "/integrations/int_1/data-sync/Contact";

const rows = [lostEmail, fieldRow({ name: "Phone" }), fieldRow({ name: "Title" })];

function answer(more: Record<string, unknown> = {}, verdictOf: Partial<ReturnType<typeof verdict>> = {}) {
  return (variables: Record<string, unknown>) =>
    of("Query", {
      serverInfo: of("ServerInfo", { now: new Date().toISOString() }),
      fieldStatuses: guides,
      integration: of("Integration", {
        ...integrationFacts,
        object: {
          ...verdict({ name: "Contact", ...verdictOf }),
          matchCounts: of("FieldCounts", { activeStandardized: 0, active: 2, errorStandardized: 1, inaccessible: 3 }),
          emptySearch: null,
          fields: page("CrmField", rows),
          ...(variables["withField"] ? { field: variables["field"] === "Email" ? lostEmail : null } : {}),
          ...more,
        },
      }),
    });
}

it("lists the fields with their statuses, as the product words them", async () => {
  renderScreen(Component, { PermissionFields: answer() }, { path, at });
  const table = await screen.findByRole("table", { name: "Fields of Contact" });
  const row = within(table).getByRole("row", { name: /E-mail/ });
  expect(within(row).getByText("Error (Standardized)")).toBeVisible();
  expect(within(row).getByText("contact.email")).toBeVisible();
  expect(screen.getByRole("checkbox", { name: "Error (Standardized) 1" })).toBeInTheDocument();
  expect(screen.getByText(/The integration user has no permission to read it\./)).toBeInTheDocument();
});

it("searches by name and label, and keeps the search in the address", async () => {
  const user = userEvent.setup();
  const { sent, router } = renderScreen(Component, { PermissionFields: answer() }, { path, at });
  await user.type(await screen.findByRole("textbox", { name: "Search fields by name or label" }), "mail");
  await waitFor(() => expect(router.state.location.search).toBe("?search=mail"));
  expect(sent.at(-1)?.variables).toMatchObject({ search: "mail", statuses: null, inaccessible: false });
  await user.click(screen.getByRole("checkbox", { name: "Active 2" }));
  await waitFor(() => expect(sent.at(-1)?.variables).toMatchObject({ search: "mail", statuses: ["ACTIVE"] }));
});

it("says what an empty search means, and leads to what cannot be read", async () => {
  const user = userEvent.setup();
  const nothing = {
    fields: page("CrmField", []),
    emptySearch: of("EmptySearch", {
      message: "No field matches.",
      steps: ["Make sure that it exists."],
      inaccessibleMatches: 2,
    }),
  };
  const { sent } = renderScreen(Component, { PermissionFields: answer(nothing) }, { path, at: `${at}?search=fax` });
  expect(await screen.findByText("No field matches.")).toBeVisible();
  expect(screen.getByText("Make sure that it exists.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Show the 2 inaccessible matches" }));
  expect(sent.at(-1)?.variables).toMatchObject({ search: "fax", inaccessible: true });
});

it("opens the field that a link names: why, how to fix it, who needs it", async () => {
  const user = userEvent.setup();
  const { sent, router } = renderScreen(Component, { PermissionFields: answer() }, { path, at: `${at}?field=Email` });
  const drawer = await screen.findByRole("dialog");
  expect(await within(drawer).findByText("It may have been renamed.")).toBeInTheDocument();
  expect(within(drawer).getByText("Tick Read.")).toBeInTheDocument();
  expect(within(drawer).getByRole("table", { name: "Who needs which right on E-mail" })).toHaveTextContent("Mapping");
  expect(within(drawer).getByText("Yes, its loss is alerted")).toBeInTheDocument();
  await user.click(within(drawer).getByRole("button", { name: "Email__c" }));
  await waitFor(() => expect(router.state.location.search).toBe("?field=Email__c"));
  await waitFor(() => expect(sent.at(-1)?.variables).toMatchObject({ field: "Email__c", withField: true }));
});

it("says when no check has ever seen the field that a link names", async () => {
  renderScreen(Component, { PermissionFields: answer() }, { path, at: `${at}?field=Fax` });
  expect(await screen.findByText(/No check has ever seen a field named “Fax”/)).toBeInTheDocument();
});

it("asks for the next page by itself", async () => {
  const { sent } = renderScreen(
    Component,
    {
      PermissionFields: answer({ fields: page("CrmField", rows, { total: 4, end: "c3" }) }),
      PermissionFieldsAfter: of("Query", {
        integration: of("Integration", {
          id: "int_1",
          object: of("CrmObject", {
            id: "obj_Contact",
            fields: page("CrmField", [fieldRow({ name: "Website" })], { total: 4 }),
          }),
        }),
      }),
    },
    { path, at },
  );
  expect(await screen.findByText("Website")).toBeInTheDocument();
  expect(sent.at(-1)).toMatchObject({ name: "PermissionFieldsAfter", variables: { object: "Contact", after: "c3" } });
  expect(screen.queryByText("Loading the next fields…")).not.toBeInTheDocument();
});

it("goes from field to field by the arrow keys", async () => {
  const user = userEvent.setup();
  renderScreen(Component, { PermissionFields: answer() }, { path, at });
  const first = await screen.findByRole("button", { name: /E-mail/ });
  first.focus();
  await user.keyboard("{ArrowDown}");
  await waitFor(() => expect(screen.getByRole("button", { name: /Phone/ })).toHaveFocus());
  await user.keyboard("{End}");
  await waitFor(() => expect(screen.getByRole("button", { name: /Title/ })).toHaveFocus());
});

it("says that it checks by itself when the verdict is old, and not when it is fresh", async () => {
  const old = renderScreen(
    Component,
    { PermissionFields: answer({}, { checkedAt: "2026-01-01T00:00:00Z" }) },
    { path, at },
  );
  expect(await screen.findByText(/Checking now, since you opened it/)).toBeVisible();
  old.unmount();
  renderScreen(Component, { PermissionFields: answer() }, { path, at });
  await screen.findByRole("table");
  expect(screen.queryByText(/Checking now/)).not.toBeInTheDocument();
});

it("checks on demand and says when the CRM does not answer", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      PermissionFields: answer(),
      PermissionRecheckFields: of("Mutation", {
        recheckFields: of("RecheckFieldsPayload", {
          object: of("CrmObject", {
            id: "obj_Contact",
            name: "Contact",
            label: "Contact",
            status: "OK",
            checkedAt: null,
            stale: true,
            staleReason: "The CRM is down.",
          }),
          userErrors: [],
        }),
      }),
    },
    { path, at: `${at}?field=Email` },
  );
  await user.click(await screen.findByRole("button", { name: "Re-check this field" }));
  expect(await screen.findByText(/The CRM is down\. The verdicts are as they were before\./)).toBeInTheDocument();
  expect(sent.find((one) => one.name === "PermissionRecheckFields")?.variables).toMatchObject({
    integrationId: "int_1",
    object: "Contact",
    fields: ["Email"],
  });
});
