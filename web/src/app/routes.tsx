import { createBrowserRouter, type RouteObject } from "react-router";
import { Lines } from "~/ui/Page";
import { Crashed } from "./Crashed";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

/** screen loads a page's code when somebody goes there. Its module exports Component. */
type Load = NonNullable<RouteObject["lazy"]>;

function screen(path: string, load: Load): RouteObject {
  return path === "/" ? { index: true, lazy: load } : { path, lazy: load };
}

export const screens: RouteObject[] = [
  screen("/", () => import("~/integration/HomePage")),
  screen("connect", () => import("~/integration/ConnectPage")),
  screen("connect/:connector", () => import("~/integration/StartPage")),
  {
    path: "integrations/:integrationId",
    lazy: () => import("~/integration/IntegrationFrame"),
    children: [
      screen("/", () => import("~/integration/OverviewPage")),
      screen("onboarding", () => import("~/integration/OnboardingPage")),
      screen("settings", () => import("~/settings/SettingsPage")),
      screen("data-sync", () => import("~/permission/ObjectsPage")),
      screen("data-sync/:objectName", () => import("~/permission/FieldsPage")),
      screen("permissions", () => import("~/permission/HistoryPage")),
      screen("standardization", () => import("~/mapping/StandardizationPage")),
      screen("runs", () => import("~/syncrun/RunsPage")),
      screen("runs/:runId", () => import("~/syncrun/RunPage")),
    ],
  },
  screen("alerts", () => import("~/alert/AlertsPage")),
  screen("alerts/:alertId", () => import("~/alert/AlertPage")),
  screen("notifications", () => import("~/notify/NotificationsPage")),
  screen("notifications/digests/:digestId", () => import("~/notify/DigestPage")),
  screen("members", () => import("~/member/MembersPage")),
  screen("tokens", () => import("~/member/TokensPage")),
  screen("audit", () => import("~/audit/AuditPage")),
  screen("connectors", () => import("~/connector/ConnectorsPage")),
  screen("workspaces", () => import("~/workspace/WorkspacesPage")),
];

export function makeRouter() {
  return createBrowserRouter([
    {
      path: "signin/token",
      lazy: () => import("~/member/TokenSignInPage"),
      hydrateFallbackElement: <Lines />,
      errorElement: <Crashed />,
    },
    {
      path: "/",
      element: <Shell />,
      hydrateFallbackElement: <Lines />,
      errorElement: <Crashed />,
      children: [...screens, { path: "*", element: <NotFound /> }],
    },
  ]);
}
