import { stringifyDocument } from "@urql/core";
import { session } from "~/api/session";
import { TokenSignInDocument, type TokenSignInQuery } from "./tokensignin.generated";

/** localPath is where to go after a sign-in: a path of this server, never another site. */
export function localPath(asked: string | null): string {
  if (!asked?.startsWith("/") || asked.startsWith("//") || asked.includes("\\")) return "/";
  const target = new URL(asked, window.location.origin);
  if (target.origin !== window.location.origin) return "/";
  // Back to a sign-in page would be a circle.
  return target.pathname.startsWith("/signin") ? "/" : target.pathname + target.search + target.hash;
}

/**
 * verify asks the server whose token it is, and keeps it for this tab when it is good. It
 * answers what is wrong; nothing when nothing is.
 *
 * It asks by itself: the pages' own client would send the browser to the sign-in when a
 * token is refused.
 */
export async function verify(token: string): Promise<string> {
  if (!/^[\x21-\x7e]+$/.test(token)) return "This is no token: it has characters that tokens do not have.";
  let answer: Response;
  try {
    answer = await fetch("/graphql", {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: stringifyDocument(TokenSignInDocument) }),
    });
  } catch {
    return "The server could not be reached. Check the network, then try again.";
  }
  const body = (await answer.json().catch(() => null)) as {
    data?: TokenSignInQuery | null;
    errors?: { message: string; extensions?: { code?: string; hint?: string } }[];
  } | null;
  if (body?.data?.viewer) {
    session.token = token;
    session.workspace = null;
    return "";
  }
  const refusal = body?.errors?.[0];
  if (answer.status === 401 || refusal?.extensions?.code === "UNAUTHENTICATED")
    return "The server does not accept this token. It may be mistyped, expired or revoked.";
  return refusal ? `${refusal.message} ${refusal.extensions?.hint ?? ""}`.trim() : "The server gave no answer.";
}
