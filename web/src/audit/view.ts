import { useSearchParams } from "react-router";
import type { AuditFilterInput, AuditOutcome } from "~/api/schema.generated";

export const outcomes: readonly (readonly [AuditOutcome, string])[] = [
  ["SUCCEEDED", "Done"],
  ["DENIED", "Denied"],
  ["FAILED", "Failed"],
];

/** What the address says about which entries to show. Times are instants, as the API takes them. */
export interface AuditView {
  actor: string;
  target: string;
  actions: string[];
  outcomes: AuditOutcome[];
  via: string;
  since: string;
  until: string;
  after: string | null;
}

const texts = ["actor", "target", "via", "since", "until"] as const;

export function read(params: URLSearchParams): AuditView {
  const given = params.getAll("outcomes");
  return {
    actor: params.get("actor") ?? "",
    target: params.get("target") ?? "",
    actions: params.getAll("actions"),
    outcomes: outcomes.map(([outcome]) => outcome).filter((outcome) => given.includes(outcome)),
    via: params.get("via") ?? "",
    since: instant(params.get("since")),
    until: instant(params.get("until")),
    after: params.get("after"),
  };
}

/** The parameters of a filter: those of the address and of a download are the same. */
export function write(view: Omit<AuditView, "after">): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of texts) if (view[name]) params.set(name, view[name]);
  for (const action of view.actions) params.append("actions", action);
  for (const outcome of view.outcomes) params.append("outcomes", outcome);
  return params;
}

export function filterOf(view: AuditView): AuditFilterInput {
  const filter: AuditFilterInput = {};
  if (view.actor) filter.actor = view.actor;
  if (view.target) filter.target = view.target;
  if (view.actions.length > 0) filter.actions = view.actions;
  if (view.outcomes.length > 0) filter.outcomes = view.outcomes;
  if (view.via) filter.via = view.via;
  if (view.since) filter.since = view.since;
  if (view.until) filter.until = view.until;
  return filter;
}

/** The address's view of the audit log, and how to change it. Any change begins at the first page. */
export function useAuditView(): [AuditView, (change: Partial<AuditView>) => void] {
  const [params, setParams] = useSearchParams();
  return [read(params), (change) => setParams((old) => write({ ...read(old), ...change }))];
}

/** What is no time is left out: the API would refuse it. */
function instant(text: string | null): string {
  return text && !Number.isNaN(Date.parse(text)) ? text : "";
}

/** An instant as an input of the kind datetime-local shows it, in the viewer's zone; and back. */
export function toLocal(at: string): string {
  if (!at) return "";
  const time = new Date(at);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

export function fromLocal(text: string): string {
  return text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : "";
}
