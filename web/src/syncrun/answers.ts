// Answers that the tests of runs share. The cache needs to know what everything is.
import type { RunRowFragment, RunsQuery } from "./runs.generated";

type Integration = NonNullable<RunsQuery["integration"]>;

export const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });

export const page = <Node extends object>(type: string, nodes: readonly Node[], next = false) =>
  of(`${type}Connection`, {
    totalCount: nodes.length,
    pageInfo: of("PageInfo", {
      hasNextPage: next,
      endCursor: "end",
      hasPreviousPage: next,
      startCursor: "start",
    }),
    edges: nodes.map((node) => of(`${type}Edge`, { node: of(type, node) })),
  });

export const counts = (some: Partial<RunRowFragment["counters"]>) =>
  of("SyncCounters", { read: 0, created: 0, updated: 0, deleted: 0, skipped: 0, failed: 0, ...some });

export const run = (some: Partial<RunRowFragment>): RunRowFragment =>
  of("SyncRun", {
    id: "run_1",
    kind: "SCHEDULED" as const,
    localDate: "2026-03-02",
    status: "SUCCEEDED" as const,
    reason: "",
    problem: null,
    phase: "DONE" as const,
    counters: counts({ read: 1200, created: 12, skipped: 1188 }),
    crmCalls: 9,
    resumeAt: null,
    requestedBy: "",
    createdAt: "2026-03-02T02:00:00Z",
    startedAt: "2026-03-02T02:00:00Z",
    finishedAt: "2026-03-02T02:01:05Z",
    ...some,
  });

export const object = (some: object) =>
  of("RunObject", {
    id: "rob_1",
    name: "Contact",
    status: "SUCCEEDED",
    reason: "",
    problem: null,
    phase: "DAILY",
    counters: counts({ read: 1200, created: 12 }),
    crmCalls: 4,
    startedAt: "2026-03-02T02:00:00Z",
    finishedAt: "2026-03-02T02:00:30Z",
    ...some,
  });

export const refusal = (code: string, message: string) =>
  of("UserError", { code, message, hint: "", field: [], docsUrl: "" });

/** What the page of runs gets. */
export const runsAnswer = (some: Partial<Record<keyof Integration, unknown>> = {}) => ({
  integration: of("Integration", {
    id: "int_1",
    state: "ACTIVE",
    environment: "PRODUCTION",
    connector: of("Connector", { name: "salesforce", title: "Salesforce" }),
    instance: of("Instance", { name: "Northwind" }),
    nextRunAt: "2026-03-03T02:00:00Z",
    lastSyncedAt: "2026-03-02T02:01:05Z",
    scheduleZone: "UTC",
    activeRun: null,
    objects: page("CrmObject", [
      { id: "obj_1", name: "Account", label: "Account", published: true },
      { id: "obj_2", name: "Contact", label: "Contact", published: true },
      { id: "obj_3", name: "Task", label: "Task", published: false },
    ]),
    syncVolume: [
      of("SyncVolumeDay", { date: "2026-03-01", runs: 0, read: 0, created: 0, updated: 0, deleted: 0, failed: 0 }),
      of("SyncVolumeDay", { date: "2026-03-02", runs: 1, read: 1200, created: 12, updated: 0, deleted: 0, failed: 3 }),
    ],
    runs: page("SyncRun", [
      run({}),
      run({
        id: "run_0",
        status: "PARTIAL",
        reason: "Contact: The integration user cannot read it.",
        problem: of("Problem", { code: "CRM_OBJECT_DENIED" as const, message: "It cannot be read.", hint: "" }),
      }),
    ]),
    allFailed: page("FailedRecord", []),
    failedRecords: page("FailedRecord", []),
    ...some,
  }),
});
