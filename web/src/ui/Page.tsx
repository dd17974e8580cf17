import { Anchor, Box, Breadcrumbs, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import type { CombinedError } from "@urql/core";
import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "react-router";
import { ErrorNotice } from "./Notice";

interface PageProps {
  title: string;
  /** What the page is for, in a line. */
  lead?: ReactNode;
  /** The pages above it: [title, path]. */
  above?: readonly (readonly [string, string])[];
  actions?: ReactNode;
  children: ReactNode;
}

/** Page is a screen: it names the tab, and the heading takes the focus when the screen is opened. */
export function Page({ title, lead, above, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Fieldwarden`;
  }, [title]);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <Stack gap="lg">
      <Stack gap={6}>
        {above && above.length > 0 && (
          <Breadcrumbs component="nav" aria-label="Breadcrumb" separatorMargin={6} fz="sm" style={{ flexWrap: "wrap" }}>
            {above.map(([name, path]) => (
              <Anchor key={path} component={Link} to={path} size="sm" lh="24px">
                {name}
              </Anchor>
            ))}
          </Breadcrumbs>
        )}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Box style={{ minWidth: 0 }}>
            <Title order={1} tabIndex={-1} ref={heading} style={{ outline: "none", overflowWrap: "anywhere" }}>
              {title}
            </Title>
            {lead && (
              <Text component="div" c="dimmed" size="sm" mt={4} maw={760}>
                {lead}
              </Text>
            )}
          </Box>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </Stack>
      {children}
    </Stack>
  );
}

/** Loaded shows what has come, a skeleton while nothing has, and an error without losing what was there. */
export function Loaded<Data>({
  screen,
  skeleton,
  children,
}: {
  screen: { data: Data | undefined; error: CombinedError | undefined; refresh(): void };
  skeleton?: ReactNode;
  children: (data: Data) => ReactNode;
}) {
  return (
    <>
      {screen.error && <ErrorNotice error={screen.error} onRetry={screen.refresh} />}
      {screen.data != null ? children(screen.data) : !screen.error && (skeleton ?? <Lines />)}
    </>
  );
}

/** The grey lines of something that is on its way. */
export function Lines({ count = 6 }: { count?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
        <Skeleton key={index} height={index === 0 ? 28 : 44} radius="md" />
      ))}
    </Stack>
  );
}
