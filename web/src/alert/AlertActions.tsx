import { Button, Group, Menu, Text, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBellOff, IconBellRinging, IconCheck, IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { type Outcome, useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import {
  AlertAcknowledgeDocument,
  type AlertAcknowledgeMutation,
  AlertDismissDocument,
  type AlertDismissMutation,
  type AlertFactsFragment,
  AlertSnoozeDocument,
  type AlertSnoozeMutation,
  AlertWakeDocument,
  type AlertWakeMutation,
} from "./alert.generated";
import { NoteInput, useNote } from "./NoteInput";
import { SnoozeUntil, snoozes } from "./SnoozeUntil";

const pickAcknowledge = (data: AlertAcknowledgeMutation) => data.acknowledgeAlert;
const pickSnooze = (data: AlertSnoozeMutation) => data.snoozeAlert;
const pickWake = (data: AlertWakeMutation) => data.wakeAlert;
const pickDismiss = (data: AlertDismissMutation) => data.resolveAlert;

type Asking = "acknowledge" | "dismiss" | { snooze: Date | null };

/** AlertActions is what people may do with an alert that is not over. None of it changes what is watched. */
export function AlertActions({ alert }: { alert: AlertFactsFragment }) {
  const may = useMay("OPERATE");
  const [asking, setAsking] = useState<Asking | null>(null);
  const wake = useCommand(AlertWakeDocument, pickWake);
  if (alert.state === "RESOLVED") return null;
  const close = () => setAsking(null);
  return (
    <>
      <Hint show={!may} why="Only an owner or an admin can handle alerts.">
        <Group gap="xs">
          {alert.state !== "ACKNOWLEDGED" && (
            <Button
              disabled={!may}
              leftSection={<IconCheck size={16} aria-hidden />}
              onClick={() => setAsking("acknowledge")}
            >
              Acknowledge
            </Button>
          )}
          {alert.state === "SNOOZED" && (
            <Button
              variant="default"
              disabled={!may}
              loading={wake.busy}
              leftSection={<IconBellRinging size={16} aria-hidden />}
              onClick={async () => tell((await wake.run({ alertId: alert.id })).ok, "It is open again.")}
            >
              Wake
            </Button>
          )}
          <Menu position="bottom-end" disabled={!may}>
            <Menu.Target>
              <Button variant="default" disabled={!may} leftSection={<IconBellOff size={16} aria-hidden />}>
                {alert.state === "SNOOZED" ? "Snooze anew" : "Snooze"}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {snoozes().map(([title, until]) => (
                <Menu.Item key={title} onClick={() => setAsking({ snooze: until })}>
                  {title}
                </Menu.Item>
              ))}
              <Menu.Item onClick={() => setAsking({ snooze: null })}>Until…</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <Hint
            show={alert.mandatory}
            why="It is mandatory: it ends by itself, when access is back or the field is unmapped. Until then it stays in the daily digest."
          >
            <Button
              variant="default"
              disabled={!may || alert.mandatory}
              leftSection={<IconX size={16} aria-hidden />}
              onClick={() => setAsking("dismiss")}
            >
              Dismiss
            </Button>
          </Hint>
        </Group>
      </Hint>
      <CommandProblems outcome={wake.outcome} />
      {asking === "acknowledge" && <Acknowledge alert={alert} onClose={close} />}
      {asking === "dismiss" && <Dismiss alert={alert} onClose={close} />}
      {asking !== null && typeof asking === "object" && <Snooze alert={alert} wanted={asking.snooze} onClose={close} />}
    </>
  );
}

/** Hint tells why something cannot be done, to the pointer and to who reads the page aloud. */
function Hint({ show, why, children }: { show: boolean; why: string; children: ReactNode }) {
  if (!show) return children;
  return (
    <Tooltip label={why} multiline maw={320}>
      {/* A disabled button tells nothing: its frame does. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason is reached by the keyboard, too */}
      <span tabIndex={0} role="note" aria-label={why}>
        {children}
      </span>
    </Tooltip>
  );
}

function tell(ok: boolean, message: string) {
  if (ok) notifications.show({ message, closeButtonProps: { "aria-label": "Close" } });
}

interface AskProps {
  alert: AlertFactsFragment;
  onClose(): void;
}

function Acknowledge({ alert, onClose }: AskProps) {
  const command = useCommand(AlertAcknowledgeDocument, pickAcknowledge);
  const note = useNote(alert.id, alert.note);
  const send = async () => {
    const { ok } = await command.run({ alertId: alert.id, note: note.changed });
    finish(ok, "Acknowledged: others see that you are on it.", note.forget, onClose);
  };
  return (
    <Ask title="Acknowledge" action="Acknowledge" command={command} onSend={send} onClose={onClose}>
      <Text size="sm">
        It says that you are on it. The alert stays open, and in the daily digest, until its problem is over.
      </Text>
      <NoteInput note={note} />
    </Ask>
  );
}

function Snooze({ alert, wanted, onClose }: AskProps & { wanted: Date | null }) {
  const command = useCommand(AlertSnoozeDocument, pickSnooze);
  const note = useNote(alert.id, alert.note);
  const [until, setUntil] = useState<Date | null>(wanted);
  const [missing, setMissing] = useState(false);
  const send = async () => {
    if (!until) {
      setMissing(true);
      return;
    }
    const { ok } = await command.run({ alertId: alert.id, until: until.toISOString(), note: note.changed });
    finish(ok, "Snoozed.", note.forget, onClose);
  };
  return (
    <Ask title="Snooze" action="Snooze" command={command} onSend={send} onClose={onClose}>
      <Text size="sm">
        It is put off for people only: it is still watched, it ends by itself when its problem does
        {alert.mandatory ? ", and it stays in the daily digest" : ""}.
      </Text>
      <SnoozeUntil until={until} missing={missing} onChange={setUntil} />
      <NoteInput note={note} />
    </Ask>
  );
}

function Dismiss({ alert, onClose }: AskProps) {
  const command = useCommand(AlertDismissDocument, pickDismiss);
  const note = useNote(alert.id, "");
  const send = async () => {
    const { ok } = await command.run({ alertId: alert.id, note: note.text });
    finish(ok, "Dismissed.", note.forget, onClose);
  };
  return (
    <Ask title="Dismiss" action="Dismiss" danger command={command} onSend={send} onClose={onClose}>
      <Text size="sm">
        The alert ends as dismissed, and everybody who was told is told that. It comes back when its problem gets worse,
        or goes and comes back.
      </Text>
      <NoteInput note={note} label="Why" />
    </Ask>
  );
}

function finish(ok: boolean, message: string, forget: () => void, onClose: () => void) {
  if (!ok) return;
  forget();
  onClose();
  tell(true, message);
}

function Ask<Payload>({
  title,
  action,
  danger = false,
  command,
  onSend,
  onClose,
  children,
}: {
  title: string;
  action: string;
  danger?: boolean;
  command: { busy: boolean; outcome: Outcome<Payload> | null };
  onSend(): void;
  onClose(): void;
  children: ReactNode;
}) {
  return (
    <Confirm
      opened
      title={title}
      action={action}
      danger={danger}
      busy={command.busy}
      onConfirm={onSend}
      onCancel={onClose}
    >
      {children}
      <CommandProblems outcome={command.outcome} />
    </Confirm>
  );
}
