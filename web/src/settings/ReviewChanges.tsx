import { Alert, Box, Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useCommand } from "~/api/command";
import { useScreen } from "~/api/query";
import { CommandProblems, ErrorNotice } from "~/ui/Notice";
import { Lines } from "~/ui/Page";
import { Status, type Tone } from "~/ui/Status";
import { count } from "~/ui/words";
import { MeanwhileNotice } from "./MeanwhileNotice";
import { Requirements } from "./Requirements";
import {
  SettingsPreflightDocument,
  type SettingsPreflightQuery,
  SettingsUpdateDocument,
  type SettingsUpdateMutation,
} from "./settings.generated";
import classes from "./settings.module.css";
import { type Setting, type SettingsOf, settingsOf, valueWords } from "./tree";
import type { SettingsDraft } from "./useSettingsDraft";

type Effect = SettingsPreflightQuery["settingsPreflight"]["effects"][number];

const pickUpdate = (data: SettingsUpdateMutation) => data.updateSettings;

/**
 * ReviewChanges says what changes would do, then saves them. What is saved is what was
 * told: the version that the preflight speaks of is the one that the save expects.
 */
export function ReviewChanges({
  integration,
  draft,
  onClose,
  onSaved,
}: {
  integration: SettingsOf;
  draft: SettingsDraft;
  onClose(): void;
  onSaved(): void;
}) {
  const changes = draft.changes.map(({ setting, value }) => ({ key: setting.key, value }));
  const preflight = useScreen(
    SettingsPreflightDocument,
    { id: integration.id, changes },
    {
      kinds: ["settings", "check", "permission", "mapping"],
      integrationId: integration.id,
      pause: changes.length === 0,
    },
  );
  const save = useCommand(SettingsUpdateDocument, pickUpdate);
  const told = preflight.data?.settingsPreflight;
  const submit = async () => {
    if (!told) return;
    const { ok, userErrors } = await save.run({
      integrationId: integration.id,
      expectedVersion: told.version,
      changes,
    });
    if (ok) {
      notifications.show({
        message: `${count(changes.length, "setting")} saved.`,
        closeButtonProps: { "aria-label": "Close" },
      });
      draft.discard();
      onSaved();
    } else if (userErrors.some((problem) => problem.code === "CONFLICT")) preflight.refresh();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title="Review and save"
      size="lg"
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <MeanwhileNotice draft={draft} />
        {preflight.error && <ErrorNotice error={preflight.error} onRetry={preflight.refresh} />}
        {told ? <Told told={told} integration={integration} /> : !preflight.error && <Lines count={3} />}
        <CommandProblems outcome={save.outcome} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button
            loading={save.busy}
            disabled={!told || preflight.fetching || told.problems.length > 0 || changes.length === 0}
            onClick={() => void submit()}
          >
            Save {count(changes.length, "change")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Told({ told, integration }: { told: SettingsPreflightQuery["settingsPreflight"]; integration: SettingsOf }) {
  const requested = told.effects.filter((effect) => effect.requested);
  const following = told.effects.filter((effect) => !effect.requested);
  return (
    <Stack>
      {told.problems.length > 0 && (
        <Alert
          color="orange"
          variant="light"
          role="alert"
          icon={<IconAlertTriangle aria-hidden />}
          title="This cannot be saved as it is"
        >
          <Stack gap="xs">
            {told.problems.map((problem) => (
              <div key={problem.field.join(".") + problem.message}>
                <Text size="sm">{problem.message}</Text>
                {problem.hint && (
                  <Text size="sm" c="dimmed">
                    {problem.hint}
                  </Text>
                )}
              </div>
            ))}
          </Stack>
        </Alert>
      )}
      <Effects title="What you change" effects={requested} integration={integration} />
      <Effects title="What follows from it" effects={following} integration={integration} />
      {following.length === 0 && told.problems.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing else is touched by it.
        </Text>
      )}
    </Stack>
  );
}

function Effects({ title, effects, integration }: { title: string; effects: Effect[]; integration: SettingsOf }) {
  if (effects.length === 0) return null;
  const settings = settingsOf(integration.settings);
  return (
    <section>
      <Title order={3} mb="xs">
        {title}
      </Title>
      <Box className={classes.list} component="ul">
        {effects.map((effect) => (
          <EffectRow
            key={effect.key}
            effect={effect}
            setting={settings.find((setting) => setting.key === effect.key)}
            integration={integration}
          />
        ))}
      </Box>
    </section>
  );
}

function EffectRow({
  effect,
  setting,
  integration,
}: {
  effect: Effect;
  setting: Setting | undefined;
  integration: SettingsOf;
}) {
  const [tone, words] = outcomeOf(effect, setting);
  return (
    <Box component="li" py="xs">
      <Group justify="space-between" gap="xs" align="flex-start">
        <div style={{ flex: "1 1 240px", minWidth: 0 }}>
          <Text size="sm" fw={600}>
            {effect.title}
          </Text>
          <Text size="sm">
            {effect.before === effect.after
              ? `Stays: ${valueWords(effect.after, setting)}`
              : `${valueWords(effect.before, setting)} → ${valueWords(effect.after, setting)}`}
          </Text>
        </div>
        <Status tone={tone}>{words}</Status>
      </Group>
      {!effect.available && (
        <Text size="sm" c="dimmed">
          {effect.unavailableMessage}
        </Text>
      )}
      {effect.undecided && (
        <Text size="sm" c="dimmed">
          It can be had then, and is to be decided before the onboarding is finished.
        </Text>
      )}
      {effect.missing.length > 0 && (
        <Box mt={4}>
          <Requirements requires={effect.missing} integrationId={integration.id} crm={integration.connector.title} />
        </Box>
      )}
    </Box>
  );
}

/** What becomes of a setting's effect, in a word. */
export function outcomeOf(
  effect: Pick<Effect, "effectiveBefore" | "effectiveAfter" | "undecided">,
  setting?: Pick<Setting, "options">,
): [Tone, string] {
  const works = (value: unknown) => value !== null && value !== undefined && value !== false;
  const before = works(effect.effectiveBefore);
  const after = works(effect.effectiveAfter);
  if (effect.undecided) return ["info", "To decide"];
  if (!before && after) return ["good", "Takes effect"];
  if (before && !after) return ["warning", "Stops"];
  if (after && effect.effectiveBefore !== effect.effectiveAfter)
    return ["good", `Now ${valueWords(effect.effectiveAfter, setting)}`];
  return after ? ["good", "In effect as before"] : ["waiting", "No effect"];
}
