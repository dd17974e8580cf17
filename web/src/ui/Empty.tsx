import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";

/** Empty says why there is nothing here and what to do about it. */
export function Empty({
  icon: Icon,
  title,
  children,
  actions,
}: {
  icon: TablerIcon;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <Paper withBorder p="xl" radius="md">
      <Stack align="center" gap="xs" ta="center">
        <Icon size={36} stroke={1.5} color="var(--mantine-color-dimmed)" aria-hidden />
        <Title order={2} size="h3">
          {title}
        </Title>
        {children && (
          <Text component="div" c="dimmed" size="sm" maw={520}>
            {children}
          </Text>
        )}
        {actions && <Group mt="sm">{actions}</Group>}
      </Stack>
    </Paper>
  );
}
