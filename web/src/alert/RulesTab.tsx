import { Badge, Button, Group, Paper, Stack, Text, Textarea, Title, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { useDraft } from "~/ui/useDraft";
import { words } from "~/ui/words";
import classes from "./AlertRow.module.css";
import {
  AlertRuleMuteDocument,
  type AlertRuleMuteMutation,
  AlertRuleUnmuteDocument,
  type AlertRuleUnmuteMutation,
  type AlertsScreenQuery,
} from "./alerts.generated";
import { mailedWords, severityTone } from "./words";

type Rule = AlertsScreenQuery["alertRules"][number];

const pickMute = (data: AlertRuleMuteMutation) => data.muteAlertRule;
const pickUnmute = (data: AlertRuleUnmuteMutation) => data.unmuteAlertRule;

/** RulesTab lists what is watched, and lets an admin mute what need not be told. */
export function RulesTab({ data, onDone }: { data: AlertsScreenQuery; onDone(): void }) {
  const [muting, setMuting] = useState<Rule | null>(null);
  const unmute = useCommand(AlertRuleUnmuteDocument, pickUnmute);
  const may = useMay("CONFIGURE");
  const lift = async (rule: Rule) => {
    const { ok } = await unmute.run({ rule: rule.rule });
    if (!ok) return;
    onDone();
    notifications.show({ message: `"${rule.title}" works again.`, closeButtonProps: { "aria-label": "Close" } });
  };
  const groups: [string, string, readonly Rule[]][] = [
    [
      "Mandatory",
      "They watch what the daily run cannot do without, so nobody can mute, dismiss or unsubscribe from them.",
      data.alertRules.filter((rule) => rule.mandatory),
    ],
    [
      "The others",
      "A muted rule opens no alerts and tells nobody, by mail or otherwise. Its open alerts are dismissed.",
      data.alertRules.filter((rule) => rule.mandatory === false),
    ],
  ];
  return (
    <Stack gap="lg">
      <CommandProblems outcome={unmute.outcome} />
      {groups.map(([title, lead, rules]) => (
        <Stack key={title} gap="xs">
          <div>
            <Title order={2}>{title}</Title>
            <Text size="sm" c="dimmed">
              {lead}
            </Text>
          </div>
          <Paper withBorder>
            <ul className={classes.list}>
              {rules.map((rule) => (
                <li key={rule.rule} className={classes.row}>
                  <Group justify="space-between" align="flex-start" gap="xs">
                    <Stack gap={4} style={{ flex: "1 1 320px", minWidth: 0 }}>
                      <Group gap={8}>
                        <Text fw={600}>{rule.title}</Text>
                        {rule.severity && <Status tone={severityTone[rule.severity]}>{words(rule.severity)}</Status>}
                        {rule.mailed && (
                          <Badge variant="default" tt="none" fw={600}>
                            {mailedWords[rule.mailed]}
                          </Badge>
                        )}
                        {rule.mutedAt && <Status tone="waiting">Muted</Status>}
                      </Group>
                      <Text size="sm" c="dimmed">
                        {rule.description}
                      </Text>
                      {rule.mutedAt && (
                        <Text size="sm">
                          Muted <Ago at={rule.mutedAt} />
                          {rule.mutedReason ? `: ${rule.mutedReason}` : ", without a reason."}
                        </Text>
                      )}
                    </Stack>
                    {!rule.mandatory && (
                      <Tooltip label="Only an owner or an admin can change this." disabled={may}>
                        {rule.mutedAt ? (
                          <Button
                            size="xs"
                            variant="default"
                            disabled={!may}
                            loading={unmute.busy}
                            onClick={() => lift(rule)}
                            aria-label={`Unmute ${rule.title}`}
                          >
                            Unmute
                          </Button>
                        ) : (
                          <Button
                            size="xs"
                            variant="default"
                            disabled={!may}
                            onClick={() => setMuting(rule)}
                            aria-label={`Mute ${rule.title}`}
                          >
                            Mute…
                          </Button>
                        )}
                      </Tooltip>
                    )}
                  </Group>
                </li>
              ))}
            </ul>
          </Paper>
        </Stack>
      ))}
      {muting && (
        <Mute
          rule={muting}
          onClose={() => setMuting(null)}
          onDone={() => {
            setMuting(null);
            onDone();
          }}
        />
      )}
    </Stack>
  );
}

function Mute({ rule, onClose, onDone }: { rule: Rule; onClose(): void; onDone(): void }) {
  const command = useCommand(AlertRuleMuteDocument, pickMute);
  const [reason, setReason, forget] = useDraft(`mute-${rule.rule}`, "");
  const mute = async () => {
    const { ok } = await command.run({ rule: rule.rule, reason });
    if (!ok) return;
    forget();
    onDone();
    notifications.show({ message: `"${rule.title}" is muted.`, closeButtonProps: { "aria-label": "Close" } });
  };
  return (
    <Confirm
      opened
      title={`Mute "${rule.title}"`}
      action="Mute"
      busy={command.busy}
      danger={false}
      onConfirm={mute}
      onCancel={onClose}
    >
      <Text size="sm">
        Until somebody unmutes it, this rule opens no alerts and tells nobody, for all integrations of the workspace.
        Its open alerts are dismissed now.
      </Text>
      <Textarea
        label="Why"
        description="Others see this beside the rule."
        maxLength={500}
        rows={2}
        resize="vertical"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-autofocus
      />
      <CommandProblems outcome={command.outcome} />
    </Confirm>
  );
}
