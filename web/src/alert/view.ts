import { useMemo } from "react";
import type { AlertFilterInput, AlertRule, AlertState, Severity } from "~/api/schema.generated";
import { useAddress } from "./useAddress";
import { openStates, severities } from "./words";

export const tabs = ["open", "unread", "resolved", "all", "rules"] as const;
export type Tab = (typeof tabs)[number];

/** What the address says about which alerts to show. */
export interface AlertView {
  tab: Tab;
  severity: Severity | "";
  state: AlertState | "";
  rule: AlertRule | "";
  integration: string;
  search: string;
  after: string | null;
}

/** The address's view of alerts, and how to change it. Any change but of the page begins at its first page. */
export function useAlertView(): [AlertView, (change: Partial<AlertView>) => void] {
  const [params, setParams] = useAddress();
  const view = useMemo(() => read(params), [params]);
  const change = (wanted: Partial<AlertView>) => {
    // What is being typed is no place to go back to.
    setParams((old) => write({ ...read(old), after: null, ...wanted }), { replace: "search" in wanted });
  };
  return [view, change];
}

function one<Value extends string>(given: string | null, known: readonly Value[]): Value | undefined {
  return known.find((value) => value === given);
}

function read(params: URLSearchParams): AlertView {
  return {
    tab: one(params.get("tab"), tabs) ?? "open",
    severity: one(params.get("severity"), severities) ?? "",
    state: one(params.get("state"), openStates) ?? "",
    rule: (params.get("rule") ?? "") as AlertRule | "",
    integration: params.get("integration") ?? "",
    search: params.get("search") ?? "",
    after: params.get("after"),
  };
}

function write(view: AlertView): URLSearchParams {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(view)) {
    if (value && !(key === "tab" && value === "open")) params.set(key, value as string);
  }
  return params;
}

/** Whether the view leaves alerts out beside its tab. */
export function isNarrowed(view: AlertView): boolean {
  return [view.severity, view.state, view.rule, view.integration, view.search].some((value) => value !== "");
}

/** The view as the API's filter. */
export function filterOf(view: AlertView): AlertFilterInput {
  const filter: AlertFilterInput = {};
  if (view.tab === "open") filter.states = view.state ? [view.state] : [...openStates];
  if (view.tab === "resolved") filter.states = ["RESOLVED"];
  if (view.severity) filter.severities = [view.severity];
  if (view.rule) filter.rules = [view.rule];
  if (view.integration) filter.integrationId = view.integration;
  if (view.search) filter.search = view.search;
  // Fields of a lost object are told by the object's alert, unless somebody looks for them.
  if (view.tab === "open" && !view.search && !view.rule) filter.hideFolded = true;
  return filter;
}
