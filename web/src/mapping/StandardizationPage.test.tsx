import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { type Answers, renderScreen } from "~/test/render";
import type { MappingScreenQuery } from "./mapping.generated";
import { Component } from "./StandardizationPage";
import type { IntegrationOf, Proposal, StandardField } from "./standard";

// Typing into dialogs takes its time where many tests share a machine.
vi.setConfig({ testTimeout: 30_000 });

beforeEach(() => sessionStorage.clear());

// The cache needs to know what everything is.
const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });
const list = <Node extends object>(type: string, nodes: readonly Node[]) =>
  of(`${type}Connection`, {
    totalCount: nodes.length,
    edges: nodes.map((node) => of(`${type}Edge`, { node: of(type, node) })),
  });
const patient = { timeout: 5_000 };

function standardField(value: Partial<StandardField> & Pick<StandardField, "key" | "label">): StandardField {
  return of("StandardField", {
    object: "Contact",
    dataType: "TEXT",
    requirement: "REQUIRED",
    defaultCrmField: "",
    mapping: null,
    features: [],
    affected: [of("Affected", { kind: "FEATURE", key: "pages", title: "Contact pages" })],
    ...value,
  });
}

function mapped(crmField: string, origin: "AUTO" | "ADMIN" = "AUTO") {
  return of("Mapping", { id: `map_${crmField}`, crmField, origin, createdAt: "2026-03-01T08:00:00Z" });
}

const email = standardField({ key: "contact.email", label: "E-mail", mapping: mapped("Email") });
const phone = standardField({
  key: "contact.phone",
  label: "Phone",
  mapping: mapped("Phone", "ADMIN"),
  defaultCrmField: "MobilePhone",
});
const title = standardField({ key: "contact.title", label: "Job title", defaultCrmField: "Title" });

function proposal(value: Partial<Proposal>): Proposal {
  return of("MappingProposal", {
    standardField: "contact.title",
    label: "Job title",
    objectName: "Contact",
    crmField: "Title",
    confidence: 1,
    reason: "It has the expected name.",
    readable: true,
    presentCrmField: "",
    ...value,
  });
}

const crmField = (name: string, status: "ACTIVE_STANDARDIZED" | "ERROR_STANDARDIZED" | "ACTIVE", stands = "") =>
  of("CrmField", {
    id: `fld_${name}`,
    name,
    label: `${name} of the person`,
    dataType: "string",
    status,
    stale: false,
    since: null,
    standardField: stands || null,
  });

function integration(more: Partial<IntegrationOf> = {}): IntegrationOf {
  return of("Integration", {
    id: "int_1",
    state: "ACTIVE",
    environment: "PRODUCTION",
    connector: of("Connector", { name: "salesforce", title: "Salesforce" }),
    instance: of("Instance", { id: "00D1", name: "Northwind" }),
    standardization: of("Standardization", {
      preconditions: [
        of("Precondition", {
          key: "CHECKED",
          title: "Every published object has been checked.",
          met: false,
          hint: "Check the integration.",
        }),
      ],
      completed: false,
      completedAt: null,
      blockers: ["The standard field contact.title (Job title) of Contact is required and not mapped."],
      objects: [
        of("StandardizationObject", {
          name: "Contact",
          label: "Contact",
          published: true,
          standardFieldCount: 3,
          mappedCount: 2,
          unmappedRequired: ["contact.title"],
          object: of("CrmObject", {
            id: "obj_1",
            requirement: "REQUIRED" as const,
            status: "OK" as const,
            stale: false,
          }),
        }),
      ],
    }),
    standardFields: [email, phone, title],
    mappingProposals: [
      proposal({}),
      proposal({ standardField: "contact.phone", label: "Phone", crmField: "MobilePhone", presentCrmField: "Phone" }),
    ],
    object: of("CrmObject", {
      id: "obj_1",
      name: "Contact",
      fields: list("CrmField", [crmField("Email", "ACTIVE_STANDARDIZED"), crmField("Phone", "ERROR_STANDARDIZED")]),
    }),
    mappingChanges: list("MappingChange", [
      {
        id: "mpc_1",
        createdAt: "2026-03-01T08:00:00Z",
        action: "UNMAPPED" as const,
        objectName: "Contact",
        standardField: "contact.title",
        crmFieldBefore: "Title",
        crmFieldAfter: "",
        origin: null,
        reason: "It is empty.",
        changedBy: "mem_1",
      },
    ]),
    ...more,
  });
}

function answer(one: IntegrationOf = integration()): MappingScreenQuery {
  return {
    integration: one,
    mappingDefaults: [],
    members: list("Member", [{ id: "mem_1", name: "Ines Admin", email: "ines@example.com" }]),
    integrations: list("Integration", []),
  };
}

function show(answers: Answers = {}, query = "?object=Contact", viewer = {}) {
  return renderScreen(
    Component,
    { MappingScreen: answer(), ...answers },
    { path: "/integrations/:integrationId/standardization", at: `/integrations/int_1/standardization${query}`, viewer },
  );
}

const refused = (code: string, message: string) => [
  of("UserError", { code, message, hint: "", field: [], docsUrl: "" }),
];

it("says where standardization stands, object by object", async () => {
  const { sent } = show({ MappingScreen: answer(integration({ object: null })) }, "");
  expect(await screen.findByRole("heading", { level: 1, name: "Standardization of Northwind" })).toBeVisible();
  expect(screen.getByText("Check the integration.")).toBeVisible();
  expect(screen.getByText(/Job title\) of Contact is required/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Complete standardization" })).toBeDisabled();
  const row = screen.getByRole("row", { name: /Contact/ });
  expect(within(row).getByText("2 of 3")).toBeVisible();
  expect(within(row).getByText("1 required field")).toBeVisible();
  expect(within(row).getByText("2 proposals")).toBeVisible();
  expect(within(row).getByRole("link", { name: "Contact" })).toHaveAttribute(
    "href",
    "/integrations/int_1/standardization?object=Contact",
  );
  expect(screen.getByText(/Ines Admin/)).toBeVisible();
  expect(sent[0]).toEqual({
    name: "MappingScreen",
    variables: { id: "int_1", object: "", hasObject: false, of: null, history: 10 },
  });
});

it("shows what stands for each standard field of an object", async () => {
  show();
  expect(await screen.findByRole("heading", { level: 1, name: "Standard fields of Contact" })).toBeVisible();
  const fields = within(screen.getByRole("region", { name: "Standard fields" })).getAllByRole("listitem");
  const [first, second, third] = fields.map((each) => within(each));
  expect(first?.getByText("Active (Standardized)")).toBeVisible();
  expect(second?.getByText("Error (Standardized)")).toBeVisible();
  expect(second?.getByText("chosen by an admin")).toBeVisible();
  expect(second?.getByRole("link", { name: "Why, and how to get it back" })).toHaveAttribute(
    "href",
    "/integrations/int_1/data-sync/Contact?field=Phone",
  );
  expect(third?.getByText("Not mapped")).toBeVisible();
  expect(third?.getByText("Expected: Title")).toBeVisible();
});

it("applies the proposals that were chosen; what would replace a mapping is not from the start", async () => {
  const { sent } = show({
    MappingApply: { applyMappingProposals: of("ApplyMappingProposalsPayload", { mappings: [], userErrors: [] }) },
  });
  const user = userEvent.setup();
  expect(await screen.findByRole("checkbox", { name: /Job title stands for/ })).toBeChecked();
  expect(screen.getByRole("checkbox", { name: /Phone stands for/ })).not.toBeChecked();
  await user.click(screen.getByRole("checkbox", { name: "Choose all" }));
  await user.click(screen.getByRole("checkbox", { name: /Job title stands for/ }));
  await user.click(screen.getByRole("button", { name: "Apply 1 proposal" }));
  expect(await screen.findByText("1 field mapped.")).toBeVisible();
  expect(sent.find(({ name }) => name === "MappingApply")?.variables).toMatchObject({
    integrationId: "int_1",
    mappings: [{ standardField: "contact.phone", crmField: "MobilePhone" }],
  });
});

const found = ({ search }: Record<string, unknown>) => ({
  integration: of("Integration", {
    id: "int_1",
    object: of("CrmObject", {
      id: "obj_1",
      fields: list(
        "CrmField",
        search === "pos"
          ? [crmField("Position__c", "ACTIVE"), crmField("Email", "ACTIVE_STANDARDIZED", "contact.email")]
          : [],
      ),
    }),
  }),
});
const conflicting = () => ({
  mapField: of("MapFieldPayload", {
    mapping: null,
    userErrors: refused("MAPPING_CONFLICT", "Position__c stands for Role already."),
  }),
});

it("maps a field after a search and a look at real values", async () => {
  const { sent } = show({
    MappingFieldSearch: found,
    MappingPreview: { mappingPreview: of("MappingPreview", { values: ["CEO", "Buyer"], recordsRead: 5, note: "" }) },
    MappingMap: conflicting,
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Map Job title" }));
  const dialog = await screen.findByRole("dialog", { name: "Map Job title" });
  const box = within(dialog).getByRole("combobox", { name: "Field of Contact" });
  const search = async () => {
    await user.clear(box);
    await user.paste("pos");
  };
  await search();
  await user.click(await screen.findByRole("option", { name: /^Email/ }, patient));
  // One CRM field for one standard field.
  expect(await within(dialog).findByText(/Email stands for E-mail already/)).toBeVisible();
  expect(within(dialog).getByRole("button", { name: "Map" })).toBeDisabled();
  await search();
  await user.click(await screen.findByRole("option", { name: /^Position__c/ }, patient));
  expect(await within(dialog).findByText("Buyer")).toBeVisible();
  await user.click(within(dialog).getByRole("button", { name: "Map" }));
  expect(await within(dialog).findByText("Position__c stands for Role already.")).toBeVisible();
  expect(sent.find(({ name }) => name === "MappingMap")?.variables).toMatchObject({
    integrationId: "int_1",
    standardField: "contact.title",
    crmField: "Position__c",
  });
});

it("unmaps with a reason, after saying what stops working", async () => {
  const { sent } = show({
    MappingUnmap: { unmapField: of("UnmapFieldPayload", { integration: null, userErrors: [] }) },
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "More for Phone" }));
  expect(await screen.findByRole("menuitem", { name: /Use Phone in all Salesforce integrations/ })).toBeVisible();
  expect(screen.getByRole("menuitem", { name: /Follow the default again \(MobilePhone\)/ })).toBeVisible();
  await user.click(screen.getByRole("menuitem", { name: "Unmap…" }));
  const dialog = await screen.findByRole("dialog", { name: "Unmap Phone" });
  expect(within(dialog).getByText("Contact pages (feature)")).toBeVisible();
  expect(within(dialog).getByRole("button", { name: "Unmap" })).toBeDisabled();
  await user.click(within(dialog).getByRole("textbox", { name: /Reason/ }));
  await user.paste("Nobody fills it");
  await user.click(within(dialog).getByRole("button", { name: "Unmap" }));
  await waitFor(() =>
    expect(sent.find(({ name }) => name === "MappingUnmap")?.variables).toMatchObject({
      standardField: "contact.phone",
      reason: "Nobody fills it",
    }),
  );
});

it("lets a viewer look and change nothing", async () => {
  show({}, "?object=Contact", { scopes: ["READ"] });
  expect(await screen.findByText(/You can look at the mappings/)).toBeVisible();
  expect(await screen.findByRole("button", { name: "Map Job title" })).toBeDisabled();
  expect(screen.getByRole("button", { name: "Apply 1 proposal" })).toBeDisabled();
});

it("says so when the package has no such object", async () => {
  show({ MappingScreen: answer(integration({ object: null })) }, "?object=Quote");
  expect(await screen.findByText("The package has no such object")).toBeVisible();
});
