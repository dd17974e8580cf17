// What the server says in the tests of this folder.
import type { ErrorCode } from "~/api/schema.generated";
import type { SettingsPreflightQuery, SettingsScreenQuery } from "./settings.generated";
import type { Requirement, Setting, SettingsOf } from "./tree";

// The cache needs to know what everything is.
export const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });

export function need(value: Partial<Requirement>): Requirement {
  return of("SettingRequirement", {
    object: "Contact",
    field: "",
    right: "READ",
    status: "GRANTED",
    stale: false,
    fix: null,
    ...value,
  });
}

export function setting(value: Partial<Setting> & Pick<Setting, "key" | "title">): Setting {
  return of("Setting", {
    help: "What it does.",
    type: "BOOLEAN",
    value: true,
    defaultValue: false,
    effectiveValue: true,
    decided: true,
    mustDecide: true,
    available: true,
    unavailableReason: null,
    unavailableMessage: "",
    valueGone: false,
    parent: null,
    options: [],
    requires: [],
    updatedAt: "2026-03-01T08:00:00Z",
    ...value,
  });
}

export const dataSync = setting({ key: "dataSync", title: "Data sync" });
export const create = setting({
  key: "contacts.create",
  title: "Create contacts",
  requires: [need({ right: "CREATE" })],
});
export const bulk = setting({ key: "contacts.create.bulk", title: "Bulk create contacts", parent: "contacts.create" });
export const email = setting({
  key: "contacts.create.emailRequired",
  title: "Require an e-mail address",
  parent: "contacts.create",
  effectiveValue: false,
  available: false,
  unavailableReason: "PERMISSION_MISSING",
  unavailableMessage: "The integration user may not create Contact.Email.",
  requires: [
    need({
      field: "Email",
      right: "CREATE",
      status: "MISSING",
      fix: of("Fix", { steps: ["Open Setup.", "Tick Edit Access."], deepLink: null, who: "Salesforce admin" }),
    }),
  ],
});
export const stage = setting({
  key: "autoSave.pipelineEntryStage",
  title: "At which stage?",
  type: "ENUM",
  value: null,
  defaultValue: null,
  effectiveValue: null,
  decided: false,
  updatedAt: null,
  options: [of("SettingOption", { value: "won", label: "Closed won" })],
  requires: [need({ object: "Opportunity", status: "UNKNOWN" })],
});
export const restricted = setting({
  key: "restrictedDataMode",
  title: "Restricted data mode",
  value: null,
  effectiveValue: false,
  decided: false,
  updatedAt: null,
});

export function integration(settings: Setting[], more: Partial<SettingsOf> = {}): SettingsOf {
  return of("Integration", {
    id: "int_1",
    state: "ACTIVE",
    environment: "PRODUCTION",
    connector: of("Connector", { name: "salesforce", title: "Salesforce" }),
    instance: of("Instance", { id: "00D1", name: "Northwind" }),
    onboarding: [of("OnboardingStepState", { step: "SETTINGS", done: false, blockers: [] })],
    settings: of("Settings", {
      version: 4,
      groups: [of("SettingGroup", { key: "EXPORT", title: "Exported to the CRM", settings })],
    }),
    settingChanges: of("SettingsChangeConnection", {
      totalCount: 1,
      edges: [
        of("SettingsChangeEdge", {
          node: of("SettingsChange", {
            id: "aud_1",
            createdAt: "2026-03-01T08:00:00Z",
            changedByName: "Ines Admin",
            decisions: [
              of("SettingDecision", { key: "dataSync", title: "Data sync", before: null, after: true }),
              of("SettingDecision", { key: stage.key, title: stage.title, before: null, after: "won" }),
            ],
          }),
        }),
      ],
    }),
    ...more,
  });
}

export function answer(one: SettingsOf): SettingsScreenQuery {
  const other = of("Integration", {
    id: "int_2",
    state: "ACTIVE" as const,
    environment: "SANDBOX" as const,
    connector: of("Connector", { name: "salesforce", title: "Salesforce" }),
    instance: of("Instance", { id: "00D2", name: "Northwind sandbox" }),
  });
  return {
    integration: one,
    integrations: of("IntegrationConnection", {
      edges: [one, other].map((node) => of("IntegrationEdge", { node })),
    }),
  };
}

type Effect = SettingsPreflightQuery["settingsPreflight"]["effects"][number];

export function effect(value: Partial<Effect> & Pick<Effect, "key" | "title">): Effect {
  return of("SettingEffect", {
    requested: true,
    before: true,
    after: false,
    effectiveBefore: true,
    effectiveAfter: false,
    undecided: false,
    available: true,
    unavailableReason: null,
    unavailableMessage: "",
    missing: [],
    ...value,
  });
}

export function preflight(
  effects: Effect[],
  problems: SettingsPreflightQuery["settingsPreflight"]["problems"] = [],
): SettingsPreflightQuery {
  return { settingsPreflight: of("SettingsPreflight", { version: 7, effects, problems }) };
}

export function refusal(code: ErrorCode, message: string) {
  return of("UserError", { code, message, hint: "", field: [] as string[], docsUrl: "" });
}
