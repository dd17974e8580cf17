import { session } from "~/api/session";

/**
 * lookInto makes the pages look into a workspace; null is one's own. Everything begins anew: what
 * was loaded, and the live connection, are another workspace's.
 */
export function lookInto(workspaceId: string | null) {
  session.workspace = workspaceId;
  window.location.assign("/");
}
