import type { Sent } from "~/test/render";

// What the server answers in the tests of these screens.

export const salesforce = {
  __typename: "Connector",
  name: "salesforce",
  title: "Salesforce",
  vendor: "Salesforce",
  version: "0.2.0",
  iconSvg: "<svg xmlns='http://www.w3.org/2000/svg'/>",
  kind: "CRM",
  status: "LOADED",
  problem: null,
  environments: ["PRODUCTION", "SANDBOX"],
  grants: ["AUTHORIZATION_CODE"],
  configSchema: null as unknown,
  prerequisites: [
    {
      __typename: "Prerequisite",
      key: "user",
      title: "A user of its own",
      description: "Used by no person.",
      required: false,
      helpUrl: "",
    },
    {
      __typename: "Prerequisite",
      key: "api",
      title: "API Enabled",
      description: "In the permission set.",
      required: true,
      helpUrl: "https://help.example.com/api",
    },
  ],
};

export const northwind = {
  __typename: "Integration",
  id: "int_1",
  connector: salesforce,
  environment: "PRODUCTION",
  state: "ACTIVE",
  stateReason: "",
  graceUntil: null as string | null,
  createdAt: "2026-11-01T08:00:00Z",
  instance: {
    __typename: "Instance",
    id: "00D",
    name: "Northwind Trading",
    url: "https://northwind.example.com",
    edition: "Enterprise",
    apiVersion: "66.0",
  },
  integrationUser: { __typename: "IntegrationUser", name: "integration@northwind.example.com", isDedicated: true },
  checklistAt: "2026-11-20T02:00:00Z",
  checklist: [
    { __typename: "ChecklistItem", key: "a", title: "It answers", status: "PASS", evidence: "Yes.", remediation: "" },
    {
      __typename: "ChecklistItem",
      key: "b",
      title: "The app is installed",
      status: "WARN",
      evidence: "It is not.",
      remediation: "Install it.",
    },
  ],
  lastSyncedAt: "2026-11-20T02:00:00Z",
  lastSucceededAt: "2026-11-20T02:00:00Z",
  nextRunAt: null as string | null,
  scheduleTime: "02:00",
  scheduleZone: "UTC",
  freshness: "ON_TIME",
  autoPause: { __typename: "AutoPause", consecutiveFailures: 0, failingSince: null, failureLimit: 10, dayLimit: 5 },
  apiBudgets: [
    {
      __typename: "ApiBudget",
      apiType: "rest",
      title: "REST API",
      dailyLimit: 100 as number | null,
      recommendedDailyLimit: null,
      usedToday: 25,
      resetsAt: "2026-11-21T00:00:00Z",
    },
  ],
  crmQuota: { __typename: "CrmQuota", used: 100, max: 1000, at: "2026-11-20T02:00:00Z", stopAtPercent: 80 },
  activeRun: null as unknown,
  watchMode: { __typename: "WatchMode", interval: "OFF", lastProbeAt: null, unavailableReason: "" },
  package: { __typename: "Package", key: "sales", version: 1, title: "Sales engagement" },
  packageUpgrade: null as unknown,
  critical: { __typename: "AlertConnection", totalCount: 1 },
  warning: { __typename: "AlertConnection", totalCount: 0 },
  info: { __typename: "AlertConnection", totalCount: 0 },
};

export function connection(...nodes: unknown[]) {
  return {
    __typename: "IntegrationConnection",
    totalCount: nodes.length,
    edges: nodes.map((node) => ({ __typename: "IntegrationEdge", node })),
  };
}

export function refusal(code: string, message: string, field: string[] = []) {
  return { __typename: "UserError", code, message, hint: "", field, docsUrl: `/docs/errors#${code}` };
}

/** The variables of each time an operation was sent. */
export function sentOf(sent: readonly Sent[], name: string) {
  return sent.filter((each) => each.name === name).map((each) => each.variables);
}

/** The names of the operations that were sent. */
export function namesOf(sent: readonly Sent[]) {
  return [...new Set(sent.map((each) => each.name))];
}
