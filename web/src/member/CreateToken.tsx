import { Button, Checkbox, Group, Modal, NativeSelect, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { useCommand } from "~/api/command";
import type { Role, Scope } from "~/api/schema.generated";
import { useViewer } from "~/app/viewer";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { ShownOnce } from "./ShownOnce";
import { TokensCreateDocument, type TokensCreateMutation } from "./tokens.generated";
import { scopesToGive, scopeWords } from "./words";

const pick = (data: TokensCreateMutation) => data.createServiceToken;

const empty = { name: "", role: "VIEWER" as Role, all: true, scopes: [] as Scope[], end: "90", date: "" };

const ends: readonly (readonly [string, string])[] = [
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
  ["date", "At the end of a day…"],
  ["", "Never by itself"],
];

/** When a token made now ends; null when it does not end by itself. */
export function endOf(end: string, date: string, now: Date): string | null {
  if (end === "") return null;
  if (end === "date") return new Date(`${date}T23:59:59`).toISOString();
  return new Date(now.getTime() + Number(end) * 86_400_000).toISOString();
}

/** CreateToken makes a service token and shows it, which is told this once. */
export function CreateToken({ onDone }: { onDone(): void }) {
  const [opened, { open, close }] = useDisclosure();
  const [draft, setDraft, clear] = useDraft("service-token", empty);
  // The token itself is a secret: it is nowhere but here, and gone when the dialog is closed.
  const [made, setMade] = useState<{ name: string; token: string } | null>(null);
  const command = useCommand(TokensCreateDocument, pick);
  const viewer = useViewer();
  const given = scopesToGive(draft.role, viewer.scopes);
  const scopes = draft.scopes.filter((scope) => given.includes(scope));
  const change = (changes: Partial<typeof empty>) => setDraft((old) => ({ ...old, ...changes }));
  const create = async () => {
    const { ok, payload } = await command.run({
      name: draft.name,
      role: draft.role,
      scopes: draft.all ? null : scopes,
      expiresAt: endOf(draft.end, draft.date, new Date()),
    });
    if (!ok) return;
    close();
    clear();
    onDone();
    if (payload?.token) setMade({ name: draft.name, token: payload.token });
  };
  return (
    <>
      <Button
        leftSection={<IconKey size={16} aria-hidden />}
        onClick={() => {
          command.reset();
          open();
        }}
      >
        Create a token…
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title="Create a service token"
        centered
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            create();
          }}
        >
          <Stack>
            <TextInput
              label="Name"
              description="What uses it, for example: warehouse-export"
              required
              maxLength={100}
              data-autofocus
              value={draft.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
            />
            <Radio.Group
              label="The most it may do"
              value={draft.role}
              onChange={(role) => change({ role: role as Role })}
            >
              <Stack gap="xs" mt={6}>
                <Radio value="VIEWER" label="Viewer" description="Reads everything but settings and the audit log." />
                {viewer.role !== "VIEWER" && (
                  <Radio
                    value="ADMIN"
                    label="Admin"
                    description="Reads and changes everything that you may, but owners."
                  />
                )}
              </Stack>
            </Radio.Group>
            {given.length > 1 && (
              <>
                <Checkbox
                  label="All of what the role may do"
                  checked={draft.all}
                  onChange={(event) => change({ all: event.currentTarget.checked })}
                />
                {!draft.all && (
                  <Checkbox.Group
                    label="Only this"
                    value={scopes}
                    onChange={(chosen) => change({ scopes: chosen as Scope[] })}
                  >
                    <Stack gap="xs" mt={6}>
                      {given.map((scope) => (
                        <Checkbox key={scope} value={scope} label={scopeWords[scope]} description={scope} />
                      ))}
                    </Stack>
                  </Checkbox.Group>
                )}
              </>
            )}
            <NativeSelect
              label="It ends"
              value={draft.end}
              onChange={(event) => change({ end: event.currentTarget.value })}
              data={ends.map(([value, label]) => ({ value, label }))}
            />
            {draft.end === "date" && (
              <TextInput
                label="Last day"
                type="date"
                required
                value={draft.date}
                onChange={(event) => change({ date: event.currentTarget.value })}
              />
            )}
            {draft.end === "" && (
              <Text size="sm" c="dimmed">
                A token without an end works until somebody revokes it.
              </Text>
            )}
            <CommandProblems outcome={command.outcome} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button
                type="submit"
                loading={command.busy}
                disabled={!draft.all && given.length > 1 && scopes.length === 0}
              >
                Create
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
      {made && (
        <ShownOnce title={`Token ${made.name}`} value={made.token} done="I have kept it" onClose={() => setMade(null)}>
          <Text size="sm">
            It is shown this once: only its hash is stored. Programs send it as{" "}
            <Text span ff="monospace" size="xs">
              Authorization: Bearer …
            </Text>
          </Text>
        </ShownOnce>
      )}
    </>
  );
}
