import type { Role, Scope } from "~/api/schema.generated";

/** What people read for a role, and what it may do. */
export const roles: readonly (readonly [Role, string, string])[] = [
  ["OWNER", "Owner", "Everything, also making and removing owners. Always told of alerts."],
  ["ADMIN", "Admin", "Reads and changes everything but owners."],
  ["VIEWER", "Viewer", "Reads everything but settings and the audit log; changes nothing."],
];

export const scopeWords: Record<Scope, string> = {
  READ: "Read everything that has no scope of its own",
  READ_SETTINGS: "View the CRM admin settings",
  READ_AUDIT: "Read and export the audit log",
  OPERATE: "Start and stop runs and checks",
  CONFIGURE: "Change settings, mappings, schedules, budgets and recipients",
  CONNECT: "Connect, replace and disconnect integrations",
  MANAGE_MEMBERS: "Invite, change and remove members",
  MANAGE_TOKENS: "List, create and revoke service tokens",
  ENTITLE: "Set the edition and package of a workspace",
};

/** The roles that somebody may give to members: an owner any, others all but owner. */
export function mayGive(own: Role): readonly Role[] {
  return roles.map(([role]) => role).filter((role) => role !== "OWNER" || own === "OWNER");
}

/** What the role of a token has, as far as whoever makes it has it too. */
export function scopesToGive(role: Role, own: readonly Scope[]): readonly Scope[] {
  return own.filter((scope) => (role === "VIEWER" ? scope === "READ" : scope !== "ENTITLE"));
}

export function roleWord(role: Role): string {
  return roles.find(([each]) => each === role)?.[1] ?? (role === "CSM" ? "Vendor staff (CSM)" : role);
}
