// Who the browser acts as. A person's session is a cookie that scripts cannot read; a
// pasted token lives in this tab only, and so does the choice of a workspace.

const tokenKey = "fieldwarden-token";
const workspaceKey = "fieldwarden-workspace";

function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // Storage is blocked: the choice lasts until the page is left.
  }
}

export const session = {
  get token() {
    return read(tokenKey);
  },
  set token(value: string | null) {
    write(tokenKey, value);
  },
  /** The id of the workspace to look into; null is the principal's own. */
  get workspace() {
    return read(workspaceKey);
  },
  set workspace(value: string | null) {
    write(workspaceKey, value);
  },
};

/** What every request says about who asks, and about which workspace. */
export function credentials(): Record<string, string> {
  const headers: Record<string, string> = {};
  if (session.token) headers["Authorization"] = `Bearer ${session.token}`;
  if (session.workspace) headers["Fieldwarden-Workspace"] = session.workspace;
  return headers;
}

/** The page where people sign in, which brings them back to where they are. */
export function signInPath(from: Location = window.location): string {
  return `/signin?return=${encodeURIComponent(from.pathname + from.search)}`;
}
