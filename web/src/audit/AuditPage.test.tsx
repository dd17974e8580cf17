import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./AuditPage";
import { differences } from "./difference";
import { nameIn } from "./download";
import { fromLocal, toLocal } from "./view";

const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });

const entry = {
  id: "aud_1",
  createdAt: "2026-03-02T08:00:00Z",
  actor: "mem_1",
  actorName: "Olga Owner",
  via: "",
  action: "setSchedule",
  target: "int_1",
  outcome: "SUCCEEDED",
  errorCode: null,
  before: { time: "02:00", zone: "UTC" },
  after: { time: "03:30", zone: "UTC" },
  interface: "graphql",
  address: "192.0.2.7",
  userAgent: "Browser",
  requestId: "r1",
};

const answer = (entries: readonly object[] = [entry]) => ({
  auditLog: of("AuditEntryConnection", {
    totalCount: entries.length,
    pageInfo: of("PageInfo", { hasNextPage: true, endCursor: "end" }),
    edges: entries.map((node) => of("AuditEntryEdge", { node: of("AuditEntry", node) })),
  }),
});

it("shows what an action changed", async () => {
  renderScreen(Component, { Audit: answer() });
  expect(screen.getByText(/Reading the log is itself recorded/)).toBeInTheDocument();
  await userEvent.click(await screen.findByRole("button", { name: /setSchedule.*time: 02:00 → 03:30/ }));
  const changes = screen.getByRole("table", { name: "What was changed" });
  expect(within(changes).getByRole("row", { name: "time 02:00 03:30" })).toBeInTheDocument();
  expect(within(changes).queryByText("zone")).not.toBeInTheDocument();
  expect(screen.getByText("192.0.2.7")).toBeInTheDocument();
});

it("marks what was denied, and what vendor staff did", async () => {
  renderScreen(Component, {
    Audit: answer([{ ...entry, outcome: "DENIED", errorCode: "FORBIDDEN", via: "csm", before: null, after: null }]),
  });
  const button = await screen.findByRole("button", { name: /setSchedule/ });
  expect(button).toHaveTextContent("Denied");
  expect(button).toHaveTextContent("via csm");
  await userEvent.click(button);
  expect(screen.getByRole("link", { name: "FORBIDDEN" })).toHaveAttribute("href", "/docs/errors#FORBIDDEN");
  expect(screen.getByText("Nothing was changed.")).toBeInTheDocument();
});

it("keeps the filter in the address, and asks and downloads by it", async () => {
  const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("cut"));
  const { sent, router } = renderScreen(
    Component,
    { Audit: answer() },
    {
      path: "/audit",
      at: "/audit?actor=mem_1&actions=runNow&actions=cancelRun&since=2026-03-01T00%3A00%3A00Z&after=end",
    },
  );
  await screen.findByRole("button", { name: /setSchedule/ });
  const filter = { actor: "mem_1", actions: ["runNow", "cancelRun"], since: "2026-03-01T00:00:00Z" };
  expect(sent.at(-1)).toEqual({ name: "Audit", variables: { filter, after: "end" } });
  await userEvent.selectOptions(screen.getByLabelText("Outcome"), "Denied");
  expect(sent.at(-1)?.variables).toEqual({ filter: { ...filter, outcomes: ["DENIED"] }, after: null });
  await userEvent.click(screen.getByRole("button", { name: "Download" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "JSON" }));
  expect(await screen.findByText("The file did not come whole. Try again.")).toBeInTheDocument();
  expect(fetched.mock.calls[0]?.[0]).toBe(`/export/audit.json${router.state.location.search}`);
});

/** Nothing of any actor in particular. */
const unlessNarrowed = ({ filter }: Record<string, unknown>) =>
  answer((filter as { actor?: string }).actor ? [] : [entry]);

it("narrows to an actor with one click, and says when nothing matches", async () => {
  const { router } = renderScreen(Component, { Audit: unlessNarrowed }, { path: "/audit" });
  await userEvent.click(await screen.findByRole("button", { name: /setSchedule/ }));
  await userEvent.click(screen.getByRole("button", { name: "mem_1" }));
  expect(await screen.findByText("No entry matches")).toBeInTheDocument();
  expect(router.state.location.search).toBe("?actor=mem_1");
});

it("asks nothing for who may not read it", async () => {
  const { sent } = renderScreen(Component, {}, { viewer: { role: "VIEWER", scopes: ["READ"] } });
  expect(await screen.findByText("Owners and admins read the audit log")).toBeInTheDocument();
  expect(sent).toEqual([]);
});

it("finds the values that differ, however deep", () => {
  expect(differences({ a: { b: 1, c: [1, 2] }, d: null }, { a: { b: 2, c: [1, 2] }, e: true })).toEqual([
    { path: "a.b", before: "1", after: "2" },
    { path: "d", before: "–", after: undefined },
    { path: "e", before: undefined, after: "true" },
  ]);
  expect(differences(null, { list: [], of: [{ x: 1 }] })).toEqual([
    { path: "list", before: undefined, after: "(none)" },
    { path: "of.0.x", before: undefined, after: "1" },
  ]);
  expect(differences(null, null)).toEqual([]);
});

it("takes names and times as they are", () => {
  expect(nameIn('attachment; filename="audit-log.csv"')).toBe("audit-log.csv");
  expect(nameIn(null)).toBeUndefined();
  expect(toLocal("")).toBe("");
  expect(fromLocal("")).toBe("");
  expect(fromLocal(toLocal("2026-03-02T08:05:00.000Z"))).toBe("2026-03-02T08:05:00.000Z");
});
