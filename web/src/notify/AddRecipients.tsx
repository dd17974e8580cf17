import { Button, Group, NativeSelect, Paper, Stack, Textarea, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { FormEvent } from "react";
import { useCommand } from "~/api/command";
import type { RecipientClass, RecipientKind, Severity } from "~/api/schema.generated";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { count } from "~/ui/words";
import { NotifyAddRecipientsDocument, type NotifyAddRecipientsMutation } from "./notify.generated";
import { kindWords, severityChoices, toast } from "./words";

const pick = (data: NotifyAddRecipientsMutation) => data.addRecipients;

interface Draft {
  addresses: string;
  class: RecipientClass;
  kind: RecipientKind;
  minSeverity: Severity;
}

const empty: Draft = { addresses: "", class: "EXTERNAL", kind: "PERSON", minSeverity: "INFO" };

/** AddRecipients takes one address or many; a bad one is named, and then nobody is added. */
export function AddRecipients({ onDone }: { onDone(): void }) {
  const command = useCommand(NotifyAddRecipientsDocument, pick);
  const [draft, setDraft, forget] = useDraft("add-recipients", empty);
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const { ok, payload } = await command.run(draft);
    if (!ok) return;
    forget();
    onDone();
    toast(`${count(payload?.recipients?.length ?? 0, "address is", "addresses are")} listed now.`);
  };
  return (
    <Paper withBorder p="md" component="form" onSubmit={add}>
      <Stack gap="sm">
        <Title order={2}>Add recipients</Title>
        <Textarea
          label="Addresses"
          description="E-mail addresses of people or distribution lists, several with commas between them."
          placeholder="crm-admins@example.com, ann@example.com"
          rows={2}
          resize="vertical"
          required
          value={draft.addresses}
          onChange={(event) => set({ addresses: event.currentTarget.value })}
        />
        <Group align="flex-end" gap="sm">
          <NativeSelect
            label="Whose people"
            value={draft.class}
            onChange={(event) => set({ class: event.currentTarget.value as RecipientClass })}
            data={[
              { value: "EXTERNAL", label: "The customer's (external)" },
              { value: "INTERNAL", label: "The vendor's team (internal)" },
            ]}
          />
          <NativeSelect
            label="Kind"
            value={draft.kind}
            onChange={(event) => set({ kind: event.currentTarget.value as RecipientKind })}
            data={Object.entries(kindWords).map(([value, label]) => ({ value, label }))}
          />
          <NativeSelect
            label="Mailed at once"
            value={draft.minSeverity}
            onChange={(event) => set({ minSeverity: event.currentTarget.value as Severity })}
            data={severityChoices}
          />
          <Button type="submit" loading={command.busy} leftSection={<IconPlus size={16} aria-hidden />}>
            Add
          </Button>
        </Group>
        <CommandProblems outcome={command.outcome} />
      </Stack>
    </Paper>
  );
}
