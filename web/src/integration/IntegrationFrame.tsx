import { Anchor, Group, ScrollArea, Stack } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { Link, Outlet, useLocation, useParams, useSearchParams } from "react-router";
import classes from "./IntegrationFrame.module.css";

const tabs: readonly (readonly [string, string])[] = [
  ["Overview", ""],
  ["Settings", "settings"],
  ["Data Sync", "data-sync"],
  ["Standardization", "standardization"],
  ["Permissions", "permissions"],
  ["Runs", "runs"],
];

/**
 * IntegrationFrame is around all pages of an integration: the way between them. What it shows
 * comes from the address alone, so that each page stays at one request.
 */
export function Component() {
  const { integrationId = "" } = useParams();
  const { pathname } = useLocation();
  const [search] = useSearchParams();
  const base = `/integrations/${integrationId}`;
  const here = pathname.slice(base.length + 1).split("/")[0] ?? "";
  const inOnboarding = search.get("from") === "onboarding";
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen not all tabs show at once: the one that is open does.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is shown
  useEffect(() => {
    const tab = nav.current?.querySelector<HTMLElement>("[aria-current]");
    const viewport = nav.current?.closest<HTMLElement>(".mantine-ScrollArea-viewport");
    if (tab && viewport) viewport.scrollLeft = tab.offsetLeft - (viewport.clientWidth - tab.offsetWidth) / 2;
  }, [here, inOnboarding]);
  return (
    <Stack gap="md">
      {here === "onboarding" ? null : inOnboarding ? (
        <div>
          <Anchor component={Link} to={`${base}/onboarding`} size="sm">
            <Group gap={6} component="span" display="inline-flex" mih={24}>
              <IconArrowLeft size={16} aria-hidden />
              Back to the onboarding
            </Group>
          </Anchor>
        </div>
      ) : (
        <ScrollArea type="auto" scrollbarSize={6} offsetScrollbars="present">
          <nav aria-label="Integration" className={classes.tabs} ref={nav}>
            {tabs.map(([title, path]) => (
              <Link
                key={path}
                to={path ? `${base}/${path}` : base}
                className={classes.tab}
                {...(here === path ? { "aria-current": "page" as const } : {})}
              >
                {title}
              </Link>
            ))}
          </nav>
        </ScrollArea>
      )}
      <Outlet />
    </Stack>
  );
}
