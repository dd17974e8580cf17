import { Box, Button, Group, List, Paper, Stack, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import classes from "./settings.module.css";
import { type SettingsOf, settingsOf, valueWords } from "./tree";

/** SettingsHistory tells who decided what when, newest first. */
export function SettingsHistory({
  integration,
  fetching,
  onOlder,
}: {
  integration: SettingsOf;
  fetching: boolean;
  /** Asks for more; null when the API gives no more at once. */
  onOlder: (() => void) | null;
}) {
  const changes = (integration.settingChanges.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const settings = new Map(settingsOf(integration.settings).map((setting) => [setting.key, setting]));
  const total = integration.settingChanges.totalCount;
  if (changes.length === 0)
    return (
      <Empty icon={IconHistory} title="Nothing has been decided yet">
        Every change of a setting shows here, with who made it and what it was before.
      </Empty>
    );
  return (
    <Stack gap="sm">
      <Paper withBorder>
        <Box component="ol" className={classes.list ?? ""}>
          {changes.map((change) => (
            <li key={change.id} className={classes.row}>
              <Group justify="space-between" gap="xs">
                <Text size="sm" fw={600}>
                  {change.changedByName}
                </Text>
                <Text size="sm" c="dimmed" component="div">
                  <Ago at={change.createdAt} />
                </Text>
              </Group>
              <List size="sm" mt={4}>
                {change.decisions.map((decision) => (
                  <List.Item key={decision.key}>
                    {decision.title.replace(/\?$/, "")}: {valueWords(decision.before, settings.get(decision.key))} →{" "}
                    <strong>{valueWords(decision.after, settings.get(decision.key))}</strong>
                  </List.Item>
                ))}
              </List>
            </li>
          ))}
        </Box>
      </Paper>
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {changes.length} of {total}
        </Text>
        {changes.length < total &&
          (onOlder ? (
            <Button variant="default" size="xs" loading={fetching} onClick={onOlder}>
              Show older
            </Button>
          ) : (
            <Text size="sm" c="dimmed">
              Older changes are in the audit log.
            </Text>
          ))}
      </Group>
    </Stack>
  );
}
