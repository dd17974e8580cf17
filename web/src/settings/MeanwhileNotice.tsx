import { Alert, Button, List, Stack, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { valueWords } from "./tree";
import type { SettingsDraft } from "./useSettingsDraft";

/** MeanwhileNotice tells what somebody else changed since one began to change things here. */
export function MeanwhileNotice({ draft }: { draft: SettingsDraft }) {
  if (draft.meanwhile.length === 0) return null;
  const mine = new Set(draft.changes.map((change) => change.setting.key));
  return (
    <Alert
      color="orange"
      variant="light"
      role="alert"
      icon={<IconHistory aria-hidden />}
      title="Somebody else changed settings meanwhile"
    >
      <Stack gap="sm" align="flex-start">
        <List size="sm">
          {draft.meanwhile.map(({ setting, before, after }) => (
            <List.Item key={setting.key}>
              {setting.title}: {valueWords(before, setting)} → {valueWords(after, setting)}
              {mine.has(setting.key) && " (you change it, too: saving puts yours in its place)"}
            </List.Item>
          ))}
        </List>
        <Text size="sm">Your changes are kept. Look at them again before you save.</Text>
        <Button size="xs" variant="default" onClick={draft.acknowledge}>
          I have seen it
        </Button>
      </Stack>
    </Alert>
  );
}
