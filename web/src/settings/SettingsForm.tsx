import { Alert, Button, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useMay } from "~/app/viewer";
import { whoMay } from "~/integration/Guarded";
import { Status } from "~/ui/Status";
import { count } from "~/ui/words";
import { MeanwhileNotice } from "./MeanwhileNotice";
import { ReviewChanges } from "./ReviewChanges";
import { SettingRow } from "./SettingRow";
import classes from "./settings.module.css";
import { blockedBy, isToDecide, type SettingsOf, settingsOf } from "./tree";
import type { SettingsDraft } from "./useSettingsDraft";

/** SettingsForm is all settings as switches and choices; what is changed is collected and saved together. */
export function SettingsForm({
  integration,
  draft,
  onSaved,
}: {
  integration: SettingsOf;
  draft: SettingsDraft;
  onSaved(): void;
}) {
  const mayEdit = useMay("CONFIGURE");
  const [reviewing, setReviewing] = useState(false);
  const settings = settingsOf(integration.settings);
  const byKey = new Map(settings.map((setting) => [setting.key, setting]));
  const toDecide = settings.filter((setting) => isToDecide(setting) && draft.values[setting.key] === undefined);
  const proposed = toDecide.filter((setting) => typeof setting.defaultValue === "boolean");
  const takeProposals = () => {
    for (const setting of proposed) draft.set(setting.key, setting.defaultValue === true);
  };
  return (
    <Stack gap="lg">
      {!mayEdit && (
        <Text size="sm" c="dimmed">
          You can look at the settings. {whoMay}
        </Text>
      )}
      <MeanwhileNotice draft={draft} />
      {toDecide.length > 0 && (
        <Alert color="blue" variant="light" role="note" title={`${count(toDecide.length, "setting")} to decide`}>
          <Stack gap="sm" align="flex-start">
            <Text size="sm">
              Each has to be decided once, be it to leave it off. Until then it has no effect, and the onboarding cannot
              be finished.
            </Text>
            <List size="sm">
              {toDecide.map((setting) => (
                <List.Item key={setting.key}>{setting.title}</List.Item>
              ))}
            </List>
            {mayEdit && proposed.length > 0 && (
              <Button size="xs" variant="default" onClick={takeProposals}>
                Enter what is proposed for {count(proposed.length, "setting")}
              </Button>
            )}
          </Stack>
        </Alert>
      )}
      {integration.settings.groups.map((group) => (
        <Paper key={group.key} withBorder component="section" aria-labelledby={`group-${group.key}`}>
          <Title order={2} id={`group-${group.key}`} px="md" pt="md">
            {group.title}
          </Title>
          <ul className={classes.list}>
            {group.settings.map((setting) => (
              <SettingRow
                key={setting.key}
                setting={setting}
                values={draft.values}
                blocked={blockedBy(setting, draft.values, byKey)}
                mayEdit={mayEdit}
                integrationId={integration.id}
                crm={integration.connector.title}
                onChange={(value) => draft.set(setting.key, value)}
              />
            ))}
          </ul>
        </Paper>
      ))}
      {draft.changes.length > 0 && (
        <Paper withBorder p="sm" className={classes.bar ?? ""} component="section" aria-label="Changes">
          <Group justify="space-between" gap="sm">
            <Group gap="xs">
              <Text fw={600} role="status">
                {count(draft.changes.length, "change")}, not saved
              </Text>
              {draft.meanwhile.length > 0 && <Status tone="warning">Others changed settings meanwhile</Status>}
            </Group>
            <Group gap="xs">
              <Button variant="default" onClick={draft.discard}>
                Discard
              </Button>
              <Button onClick={() => setReviewing(true)}>Review and save</Button>
            </Group>
          </Group>
        </Paper>
      )}
      {reviewing && (
        <ReviewChanges
          integration={integration}
          draft={draft}
          onClose={() => setReviewing(false)}
          onSaved={() => {
            setReviewing(false);
            onSaved();
          }}
        />
      )}
    </Stack>
  );
}
