import { ActionIcon, AppShell, Badge, Burger, Group, Menu, NavLink, ScrollArea, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconActivityHeartbeat,
  IconBell,
  IconBuildingCommunity,
  IconClipboardList,
  IconKey,
  IconLogout,
  IconMailCog,
  IconMoon,
  IconPlug,
  IconPlugConnected,
  IconSun,
  IconTerminal2,
  IconUser,
  IconUsers,
  type TablerIcon,
} from "@tabler/icons-react";
import { Suspense, useEffect } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { codeOf } from "~/api/client";
import { useScreen } from "~/api/query";
import type { Scope } from "~/api/schema.generated";
import { session } from "~/api/session";
import { Lines, Loaded } from "~/ui/Page";
import { words } from "~/ui/words";
import { LeaveWorkspace, LookingInto } from "~/workspace/LookingInto";
import { LiveBadge } from "./LiveBadge";
import classes from "./Shell.module.css";
import { useScheme } from "./scheme";
import { ShellDocument } from "./shell.generated";
import { useAlertToasts } from "./toasts";
import { type Viewer, ViewerProvider } from "./viewer";

interface Place {
  title: string;
  path: string;
  icon: TablerIcon;
  /** Who lacks it does not see the place. */
  scope?: Scope;
  only?: (viewer: Viewer, workspaces: number) => boolean;
}

const places: readonly Place[] = [
  { title: "Integrations", path: "/", icon: IconPlugConnected },
  { title: "Alerts", path: "/alerts", icon: IconBell },
  { title: "System Notifications", path: "/notifications", icon: IconMailCog },
  { title: "Members", path: "/members", icon: IconUsers },
  { title: "Service tokens", path: "/tokens", icon: IconKey, scope: "MANAGE_TOKENS" },
  { title: "Audit log", path: "/audit", icon: IconClipboardList, scope: "READ_AUDIT" },
  { title: "Connectors", path: "/connectors", icon: IconPlug },
  {
    title: "Workspaces",
    path: "/workspaces",
    icon: IconBuildingCommunity,
    only: (viewer, workspaces) => viewer.role === "CSM" || workspaces > 1,
  },
];

function isAt(path: string, location: string): boolean {
  if (path === "/")
    return (
      location === "/" ||
      location.startsWith("/integrations") ||
      location.startsWith("/connect/") ||
      location === "/connect"
    );
  return location === path || location.startsWith(`${path}/`);
}

/** Shell is the frame of all screens: where one can go, who one is, and whether what one sees is live. */
export function Shell() {
  const shell = useScreen(ShellDocument, {}, { kinds: ["alert", "workspace", "member"] });
  // The workspace to look into may be gone, or no longer one's business.
  if (shell.error && codeOf(shell.error) === "NOT_FOUND" && session.workspace) return <LeaveWorkspace />;
  return (
    <Loaded screen={shell} skeleton={<Lines />}>
      {(data) => (
        <ViewerProvider value={data.viewer}>
          <Frame
            viewer={data.viewer}
            workspaces={data.workspaces.totalCount}
            unread={data.unreadCount}
            version={data.serverInfo.version}
            onRead={shell.refresh}
          />
        </ViewerProvider>
      )}
    </Loaded>
  );
}

function Frame({
  viewer,
  workspaces,
  unread,
  version,
}: {
  viewer: Viewer;
  /** How many the viewer may look into. */
  workspaces: number;
  unread: number;
  version: string;
  onRead(): void;
}) {
  const [opened, { toggle, close }] = useDisclosure();
  const location = useLocation();
  useAlertToasts();
  // biome-ignore lint/correctness/useExhaustiveDependencies: going somewhere closes the menu
  useEffect(close, [location.pathname]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 236, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "md", sm: "lg" }}
    >
      <a href="#main" className={classes.skip}>
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
            <img src="/favicon.svg" width={26} height={26} alt="" />
            <Text fw={700} visibleFrom="xs">
              Fieldwarden
            </Text>
            <Text c="dimmed" size="sm" truncate title={viewer.workspace.name}>
              {viewer.workspace.name}
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <LiveBadge />
            <Inbox unread={unread} />
            <SchemeSwitch />
            <Account viewer={viewer} version={version} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Main">
        <ScrollArea style={{ flex: 1 }}>
          {places
            .filter(
              (place) =>
                (!place.scope || viewer.scopes.includes(place.scope)) &&
                (!place.only || place.only(viewer, workspaces)),
            )
            .map((place) => (
              <NavLink
                key={place.path}
                component={Link}
                to={place.path}
                label={place.title}
                leftSection={<place.icon size={18} stroke={1.6} aria-hidden />}
                active={isAt(place.path, location.pathname)}
                {...(isAt(place.path, location.pathname) ? { "aria-current": "page" as const } : {})}
                rightSection={place.path === "/alerts" && unread > 0 ? <Unread count={unread} /> : null}
                className={classes.place ?? ""}
              />
            ))}
        </ScrollArea>
        <NavLink
          component="a"
          href="/graphiql/"
          label="GraphiQL"
          leftSection={<IconTerminal2 size={18} stroke={1.6} aria-hidden />}
          className={classes.place ?? ""}
        />
      </AppShell.Navbar>
      <AppShell.Main id="main" className={classes.main ?? ""}>
        <div className={classes.content}>
          {session.workspace && <LookingInto name={viewer.workspace.name} />}
          <Suspense fallback={<Lines />}>
            <Outlet />
          </Suspense>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

function Unread({ count }: { count: number }) {
  return (
    <Badge size="sm" color="red" variant="filled" circle={count < 10}>
      {count > 99 ? "99+" : count}
      <span className={classes.hidden}> unread</span>
    </Badge>
  );
}

function Inbox({ unread }: { unread: number }) {
  const label = unread === 0 ? "Alerts: nothing unread" : `Alerts: ${unread} unread`;
  return (
    <Tooltip label={label}>
      <ActionIcon
        component={Link}
        to="/alerts"
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={label}
        pos="relative"
      >
        <IconBell size={20} stroke={1.6} aria-hidden />
        {unread > 0 && (
          <Badge className={classes.badge ?? ""} size="xs" color="red" variant="filled" circle data-testid="unread">
            {unread > 99 ? "99+" : unread}
          </Badge>
        )}
      </ActionIcon>
    </Tooltip>
  );
}

function SchemeSwitch() {
  const { dark, toggle } = useScheme();
  const label = dark ? "Light colours" : "Dark colours";
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={toggle}>
        {dark ? <IconSun size={20} stroke={1.6} aria-hidden /> : <IconMoon size={20} stroke={1.6} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}

function Account({ viewer, version }: { viewer: Viewer; version: string }) {
  const signOut = () => {
    session.token = null;
    session.workspace = null;
    // A form, as the server's own pages send it: signing out is no GET.
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/signout";
    document.body.append(form);
    form.submit();
  };
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account of ${viewer.name}`}>
          <IconUser size={20} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {viewer.name} · {words(viewer.role)}
          {viewer.member?.email ? <br /> : null}
          {viewer.member?.email}
        </Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
          Sign out
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>
          <Group gap={6}>
            <IconActivityHeartbeat size={14} aria-hidden /> Fieldwarden {version}
          </Group>
        </Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
