import { Button, Group, List, Modal, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import type { Outcome } from "~/api/command";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import type { StandardField } from "./standard";

type Affected = StandardField["affected"][number];

/** Destroy asks for the reason of something that takes features away, after saying which. */
export function Destroy<Payload>({
  title,
  action,
  draft,
  affected,
  command,
  run,
  done,
  onClose,
  onDone,
  children,
}: {
  title: string;
  action: string;
  /** Where the reason is kept while it is written. */
  draft: string;
  affected: readonly Affected[];
  command: { busy: boolean; outcome: Outcome<Payload> | null };
  run(reason: string): Promise<Outcome<Payload>>;
  /** What is told when it is done. */
  done: string;
  onClose(): void;
  onDone(): void;
  children: ReactNode;
}) {
  const [reason, setReason, clear] = useDraft(draft, "");
  const titles = [...new Map(affected.map((each) => [each.kind + each.key, each])).values()];
  const submit = async () => {
    const { ok } = await run(reason.trim());
    if (!ok) return;
    clear();
    notifications.show({ message: done, closeButtonProps: { "aria-label": "Close" } });
    onClose();
    onDone();
  };
  return (
    <Modal opened onClose={onClose} title={title} centered closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack>
          <Text size="sm">{children}</Text>
          {titles.length > 0 && (
            <div>
              <Text size="sm" fw={600} mb={4}>
                What stops working
              </Text>
              <List size="sm">
                {titles.map((each) => (
                  <List.Item key={each.kind + each.key}>
                    {each.title} ({each.kind === "SETTING" ? "setting" : "feature"})
                  </List.Item>
                ))}
              </List>
            </div>
          )}
          <Textarea
            label="Reason"
            description="For the history: why it is not needed any more."
            rows={3}
            required
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
          />
          <CommandProblems outcome={command.outcome} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color="red.9" loading={command.busy} disabled={reason.trim() === ""}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
