import type { World } from "./world";

export interface ScreenTest {
  name: string;
  path: string;
  /** The GraphQL operations that it may send to show itself; the frame's own is not among them. */
  operations: string[];
  /** The most SQL statements that an operation of it may take. */
  statements: number;
  /** Text that is only there when the screen is. */
  shows?: string | RegExp;
  /** True when it draws only what the window shows. */
  windowed?: boolean;
  role?: "ADMIN" | "VIEWER" | "CSM";
  /** True for what is seen before one signs in, outside of the frame. */
  outside?: boolean;
}

/** What lies below the screens: their other tabs and steps, and what is seen before one signs in. */
export function corners({ integrations }: World): ScreenTest[] {
  const active = `/integrations/${integrations["salesforce"]}`;
  const onboarding = `/integrations/${integrations["hubspot"]}/onboarding`;
  const step = (name: string, shows: RegExp): ScreenTest => ({
    name: `onboarding-${name.toLowerCase()}`,
    path: `${onboarding}?step=${name}`,
    operations: ["Onboarding"],
    statements: 32,
    shows,
  });
  const outside = (name: string, path: string, shows: RegExp): ScreenTest => ({
    name,
    path,
    operations: [],
    statements: 0,
    shows,
    outside: true,
  });
  const permissions = (tab: string, operation: string): ScreenTest => ({
    name: `permissions-${tab}`,
    path: `${active}/permissions?tab=${tab}`,
    operations: [operation],
    statements: 12,
  });
  return [
    step("AUTHORIZE", /sign/i),
    step("CHECK", /objects checked/),
    step("STANDARDIZATION", /Standardization/),
    step("REVIEW", /Finish/),
    {
      name: "settings-history",
      path: `${active}/settings?view=history`,
      operations: ["SettingsScreen"],
      statements: 20,
    },
    permissions("timeline", "PermissionTimelineTab"),
    permissions("snapshots", "PermissionSnapshotsTab"),
    permissions("watch", "PermissionWatchTab"),
    permissions("simulation", "PermissionSimulationsTab"),
    {
      name: "standardization-object",
      path: `${active}/standardization?object=Contact`,
      operations: ["MappingScreen"],
      statements: 20,
    },
    { name: "runs-failed", path: `${active}/runs?tab=failed`, operations: ["Runs"], statements: 12 },
    { name: "alerts-rules", path: "/alerts?tab=rules", operations: ["AlertsScreen"], statements: 12 },
    { name: "alerts-resolved", path: "/alerts?tab=resolved", operations: ["AlertsScreen"], statements: 12 },
    {
      name: "viewer-settings",
      path: `${active}/settings`,
      operations: [],
      statements: 0,
      shows: "You may not see the settings",
      role: "VIEWER",
    },
    { name: "viewer-members", path: "/members", operations: ["Members"], statements: 10, role: "VIEWER" },
    { name: "not-found", path: "/nowhere", operations: [], statements: 0 },
    outside("signin", "/signin", /Sign in/),
    outside("signin-token", "/signin/token", /token/i),
    outside("guide", "/docs/admins/salesforce", /Salesforce/),
    outside("error-codes", "/docs/errors", /NOT_FOUND/),
  ];
}

/** Every screen, in a workspace in which much has happened. */
export function screens({ integrations }: World): ScreenTest[] {
  const active = `/integrations/${integrations["salesforce"]}`;
  return [
    { name: "home", path: "/", operations: ["Home"], statements: 12, shows: "Salesforce" },
    { name: "connect", path: "/connect", operations: ["Connect"], statements: 4, shows: "HubSpot" },
    { name: "start", path: "/connect/dynamics365?environment=SANDBOX", operations: ["StartPage"], statements: 4 },
    {
      name: "onboarding",
      path: `/integrations/${integrations["hubspot"]}/onboarding`,
      operations: ["Onboarding"],
      statements: 32,
    },
    { name: "overview", path: active, operations: ["Overview"], statements: 20 },
    { name: "settings", path: `${active}/settings`, operations: ["SettingsScreen"], statements: 20 },
    { name: "settings-matrix", path: `${active}/settings?view=matrix`, operations: ["SettingsScreen"], statements: 20 },
    { name: "objects", path: `${active}/data-sync`, operations: ["PermissionObjects"], statements: 20 },
    {
      name: "fields",
      path: `${active}/data-sync/Contact`,
      windowed: true,
      operations: ["PermissionFields"],
      statements: 20,
      shows: "Email",
    },
    {
      name: "field",
      path: `${active}/data-sync/Contact?field=Email`,
      windowed: true,
      operations: ["PermissionFields"],
      statements: 20,
      shows: "Email",
    },
    { name: "permissions", path: `${active}/permissions`, operations: ["PermissionChangesTab"], statements: 12 },
    { name: "standardization", path: `${active}/standardization`, operations: ["MappingScreen"], statements: 20 },
    { name: "runs", path: `${active}/runs`, operations: ["Runs"], statements: 12 },
    { name: "run", path: `${active}/runs/${integrations["run"]}`, operations: ["Run"], statements: 12 },
    { name: "alerts", path: "/alerts", operations: ["AlertsScreen"], statements: 12, shows: /Email/ },
    { name: "alert", path: `/alerts/${integrations["alert"]}`, operations: ["AlertScreen"], statements: 16 },
    {
      name: "recipients",
      path: "/notifications?tab=recipients",
      operations: ["NotifyRecipients"],
      statements: 8,
      shows: "ops@example.com",
    },
    {
      name: "channels",
      path: "/notifications?tab=channels",
      operations: ["NotifyChannels"],
      statements: 8,
      shows: "Operations",
    },
    { name: "deliveries", path: "/notifications?tab=deliveries", operations: ["NotifyDeliveries"], statements: 12 },
    { name: "digests", path: "/notifications?tab=digests", operations: ["NotifyDigests"], statements: 16 },
    {
      name: "digest",
      path: `/notifications/digests/${integrations["digest"]}`,
      operations: ["NotifyDigest"],
      statements: 12,
    },
    { name: "members", path: "/members", operations: ["Members"], statements: 10, shows: "vera@example.com" },
    { name: "tokens", path: "/tokens", operations: ["Tokens"], statements: 8 },
    { name: "audit", path: "/audit", operations: ["Audit"], statements: 8 },
    { name: "connectors", path: "/connectors", operations: ["Connectors"], statements: 4, shows: "Dynamics 365" },
    { name: "workspaces", path: "/workspaces", operations: ["Workspaces"], statements: 10, role: "CSM" },
  ];
}
