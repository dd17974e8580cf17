import { Button, Group, List, Modal, Select, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type ReactNode, useState } from "react";
import type { Command, UserError } from "~/api/command";
import type { Environment, IntegrationState } from "~/api/schema.generated";
import { CommandProblems } from "~/ui/Notice";
import { words } from "~/ui/words";

/** An integration that something can be copied from. */
export interface Source {
  id: string;
  state: IntegrationState;
  environment: Environment;
  connector: { name: string; title: string };
  instance: { name: string } | null;
}

export interface Effect {
  subject: string;
  description: string;
  before: unknown;
  after: unknown;
  destructive: boolean;
}

export type CopyCommand = Command<
  { from: string; to: string; dryRun: boolean },
  { plan: Effect[] | null; userErrors: UserError[] }
>;

/** The integrations to copy from: others of the same CRM that are signed in. */
export function sourcesFor(
  integration: { id: string; connector: { name: string } },
  integrations: { edges: readonly ({ node: Source | null } | null)[] | null },
): Source[] {
  return (integrations.edges ?? [])
    .flatMap((edge) => edge?.node ?? [])
    .filter(
      (other) =>
        other.id !== integration.id &&
        other.connector.name === integration.connector.name &&
        other.state !== "DRAFT" &&
        other.state !== "AUTHORIZING",
    );
}

/** CopyDialog copies from another integration of the same CRM: the plan first, then the deed. */
export function CopyDialog({
  title,
  description,
  sources,
  to,
  dry,
  copy,
  done,
  show,
  onClose,
  onCopied,
}: {
  title: string;
  description: string;
  sources: Source[];
  to: string;
  /** The same mutation twice: once for plans, once for the deed. */
  dry: CopyCommand;
  copy: CopyCommand;
  /** What is told when it is done. */
  done: string;
  show(effect: Effect): ReactNode;
  onClose(): void;
  onCopied(): void;
}) {
  const [from, setFrom] = useState<string | null>(null);
  const plan = dry.outcome?.ok ? (dry.outcome.payload?.plan ?? []) : null;
  const choose = (id: string | null) => {
    setFrom(id);
    copy.reset();
    if (id) void dry.run({ from: id, to, dryRun: true });
  };
  const apply = async () => {
    if (!from) return;
    const { ok } = await copy.run({ from, to, dryRun: false });
    if (!ok) return;
    notifications.show({ message: done, closeButtonProps: { "aria-label": "Close" } });
    onCopied();
  };
  return (
    <Modal opened onClose={onClose} title={title} size="lg" centered closeButtonProps={{ "aria-label": "Close" }}>
      <Stack>
        <Select
          label="From"
          description={description}
          placeholder="Choose an integration"
          data={sources.map((source) => ({
            value: source.id,
            label: `${source.instance?.name ?? source.connector.title} · ${words(source.environment)}`,
          }))}
          value={from}
          onChange={choose}
          allowDeselect={false}
        />
        <CommandProblems outcome={dry.outcome} />
        {plan &&
          (plan.length === 0 ? (
            <Text size="sm" role="status">
              Everything is alike already: there is nothing to copy.
            </Text>
          ) : (
            <div role="status">
              <Text size="sm" fw={600} mb={4}>
                What would change:
              </Text>
              <List size="sm">
                {plan.map((effect) => (
                  <List.Item key={effect.subject + effect.description}>{show(effect)}</List.Item>
                ))}
              </List>
            </div>
          ))}
        <CommandProblems outcome={copy.outcome} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button disabled={!plan || plan.length === 0} loading={copy.busy || dry.busy} onClick={() => void apply()}>
            Copy
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
