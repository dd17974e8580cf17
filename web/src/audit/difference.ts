/** One value that an action changed. Values are shown as text; undefined is none. */
export interface Difference {
  path: string;
  before: string | undefined;
  after: string | undefined;
}

/**
 * The values that differ between what was before and what is after, by their path. With one of
 * both missing it is what there is of the other.
 */
export function differences(before: unknown, after: unknown): Difference[] {
  const old = leaves(before);
  const present = leaves(after);
  const paths = [...new Set([...old.keys(), ...present.keys()])];
  return paths
    .map((path) => ({ path, before: old.get(path), after: present.get(path) }))
    .filter((difference) => difference.before !== difference.after);
}

/** The values of a JSON document that hold no others, by their path: `{a: {b: 1}}` has `a.b`. */
function leaves(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (value === null || value === undefined) {
    if (path) found.set(path, "–");
    return found;
  }
  // A list of plain values reads better in one line.
  if (Array.isArray(value) && value.every((each) => typeof each !== "object" || each === null)) {
    found.set(path || "value", value.length === 0 ? "(none)" : value.join(", "));
    return found;
  }
  if (typeof value === "object") {
    const entries = Object.entries(value);
    if (entries.length === 0 && path) found.set(path, "(nothing)");
    for (const [key, inner] of entries) leaves(inner, path ? `${path}.${key}` : key, found);
    return found;
  }
  found.set(path || "value", String(value));
  return found;
}
