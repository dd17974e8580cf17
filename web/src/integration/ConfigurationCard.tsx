import { Button, Code, CopyButton, FileButton, Group, List, ScrollArea, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { CombinedError } from "@urql/core";
import { useState } from "react";
import { useClient } from "urql";
import { useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems, ErrorNotice } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { Card } from "./Card";
import { ImportConfigurationDocument, type ImportConfigurationMutation } from "./change.generated";
import { Guarded } from "./Guarded";
import type { Overview } from "./OverviewPage";
import { OverviewDocumentDocument } from "./overview.generated";

type Plan = NonNullable<ImportConfigurationMutation["importConfiguration"]["plan"]>;

const pickImport = (data: ImportConfigurationMutation) => data.importConfiguration;

/** The settings, mappings, schedule, budgets and recipients as one document: to keep, compare and apply. */
export function ConfigurationCard({ integration }: { integration: Overview }) {
  if (!useMay("READ_SETTINGS")) return null;
  return (
    <Card title="Configuration document" id="configuration">
      <Stack gap="md">
        <Text size="sm" c="dimmed" maw={760}>
          Settings, mappings, schedule, budgets and recipients as one YAML document, without secrets. Keep it, compare
          it, or apply it to this or another integration.
        </Text>
        <Export integration={integration} />
        <Import integrationId={integration.id} />
      </Stack>
    </Card>
  );
}

function Export({ integration }: { integration: Overview }) {
  const client = useClient();
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<CombinedError | null>(null);
  const [busy, setBusy] = useState(false);
  const ask = async (): Promise<string | null> => {
    setBusy(true);
    const result = await client.query(
      OverviewDocumentDocument,
      { id: integration.id },
      { requestPolicy: "network-only" },
    );
    setBusy(false);
    setError(result.error ?? null);
    return result.data?.configurationDocument ?? null;
  };
  const download = async () => {
    const found = await ask();
    if (found === null) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([found], { type: "application/yaml" }));
    link.download = `fieldwarden-${integration.connector.name}-${integration.environment.toLowerCase()}.yaml`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <Stack gap="sm">
      <Group>
        <Button
          variant="default"
          size="xs"
          loading={busy}
          aria-expanded={text !== null}
          onClick={() => (text === null ? void ask().then(setText) : setText(null))}
        >
          {text === null ? "Show" : "Hide"}
        </Button>
        <Button variant="default" size="xs" onClick={() => void download()}>
          Download
        </Button>
        {text !== null && (
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button variant="subtle" size="xs" onClick={copy}>
                {copied ? "Copied" : "Copy"}
              </Button>
            )}
          </CopyButton>
        )}
      </Group>
      {error && <ErrorNotice error={error} onRetry={() => void ask().then(setText)} />}
      {text !== null && (
        <ScrollArea.Autosize mah={360} type="auto" viewportProps={{ tabIndex: 0, "aria-label": "The document" }}>
          <Code block>{text}</Code>
        </ScrollArea.Autosize>
      )}
    </Stack>
  );
}

/** Import first shows what a document would change, then applies it, all of it or nothing. */
function Import({ integrationId }: { integrationId: string }) {
  const [document, setDocument, forget] = useDraft(`import:${integrationId}`, "");
  const [plan, setPlan] = useState<Plan | null>(null);
  const [opened, setOpened] = useState(false);
  const look = useCommand(ImportConfigurationDocument, pickImport);
  const apply = useCommand(ImportConfigurationDocument, pickImport);
  const change = (text: string) => {
    setDocument(text);
    setPlan(null);
    look.reset();
    apply.reset();
  };
  const tryIt = async () => {
    const { ok, payload } = await look.run({ integrationId, document, dryRun: true, confirm: false });
    setPlan(ok ? (payload?.plan ?? []) : null);
  };
  const run = async () => {
    const { ok } = await apply.run({ integrationId, document, dryRun: false, confirm: true });
    setOpened(false);
    if (!ok) return;
    forget();
    setPlan(null);
    notifications.show({ message: "The document is applied.", closeButtonProps: { "aria-label": "Close" } });
  };
  return (
    <Stack gap="sm">
      <Textarea
        label="Apply a document"
        description="Paste it here. Nothing is changed before you have seen what it would do."
        rows={5}
        resize="vertical"
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        value={document}
        onChange={(event) => change(event.currentTarget.value)}
      />
      <Group>
        <FileButton accept=".yaml,.yml,text/yaml" onChange={(file) => file && void file.text().then(change)}>
          {(props) => (
            <Button {...props} variant="default" size="xs">
              Read a file
            </Button>
          )}
        </FileButton>
        <Guarded
          scope="CONFIGURE"
          size="xs"
          variant="light"
          loading={look.busy}
          disabled={document.trim() === ""}
          onClick={() => void tryIt()}
        >
          Show what it would change
        </Guarded>
      </Group>
      <CommandProblems outcome={look.outcome} />
      <CommandProblems outcome={apply.outcome} />
      {plan && (
        <Stack gap="sm" role="status">
          <Effects plan={plan} />
          {plan.length > 0 && (
            <div>
              <Guarded scope="CONFIGURE" size="xs" onClick={() => setOpened(true)}>
                Apply it
              </Guarded>
            </div>
          )}
        </Stack>
      )}
      <Confirm
        opened={opened}
        title="Apply the document"
        action="Apply"
        danger={plan?.some((effect) => effect.destructive) ?? false}
        busy={apply.busy}
        onConfirm={() => void run()}
        onCancel={() => setOpened(false)}
      >
        {plan && <Effects plan={plan} />}
      </Confirm>
    </Stack>
  );
}

function Effects({ plan }: { plan: Plan }) {
  if (plan.length === 0) return <Text size="sm">It would change nothing: all of it is so already.</Text>;
  return (
    <List size="sm" spacing={4}>
      {plan.map((effect) => (
        <List.Item key={effect.kind + effect.subject + effect.description}>
          {effect.description}
          {effect.destructive && (
            <Text span size="sm" fw={600}>
              {" "}
              This takes something away.
            </Text>
          )}
        </List.Item>
      ))}
    </List>
  );
}
