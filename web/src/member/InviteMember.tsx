import { Button, Group, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useCommand } from "~/api/command";
import type { Role } from "~/api/schema.generated";
import { useViewer } from "~/app/viewer";
import { Guarded } from "~/integration/Guarded";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { MembersInviteDocument, type MembersInviteMutation } from "./members.generated";
import { ShownOnce } from "./ShownOnce";
import { mayGive, roles } from "./words";

const pick = (data: MembersInviteMutation) => data.inviteMember;
const empty = { email: "", role: "VIEWER" as Role };

/** InviteMember makes an invitation and shows its link, which is told this once. */
export function InviteMember({ onDone }: { onDone(): void }) {
  const [opened, { open, close }] = useDisclosure();
  const [draft, setDraft, clear] = useDraft("invite-member", empty);
  const [made, setMade] = useState<{ email: string; url: string } | null>(null);
  const command = useCommand(MembersInviteDocument, pick);
  const given = mayGive(useViewer().role);
  const invite = async () => {
    const { ok, payload } = await command.run(draft);
    if (!ok) return;
    close();
    clear();
    onDone();
    if (payload?.acceptUrl) setMade({ email: draft.email.trim(), url: payload.acceptUrl });
  };
  return (
    <>
      <Guarded
        scope="MANAGE_MEMBERS"
        leftSection={<IconUserPlus size={16} aria-hidden />}
        onClick={() => {
          command.reset();
          open();
        }}
      >
        Invite…
      </Guarded>
      <Modal
        opened={opened}
        onClose={close}
        title="Invite a person"
        centered
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            invite();
          }}
        >
          <Stack>
            <TextInput
              label="E-mail address"
              type="email"
              required
              data-autofocus
              value={draft.email}
              onChange={(event) => {
                const email = event.currentTarget.value;
                setDraft((old) => ({ ...old, email }));
              }}
            />
            <Radio.Group
              label="Role"
              value={draft.role}
              onChange={(role) => setDraft((old) => ({ ...old, role: role as Role }))}
            >
              <Stack gap="xs" mt={6}>
                {roles
                  .filter(([role]) => given.includes(role))
                  .map(([role, title, may]) => (
                    <Radio key={role} value={role} label={title} description={may} />
                  ))}
              </Stack>
            </Radio.Group>
            <CommandProblems outcome={command.outcome} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={command.busy}>
                Make the invitation
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
      {made && (
        <ShownOnce
          title={`Invitation for ${made.email}`}
          value={made.url}
          done="I have kept it"
          onClose={() => setMade(null)}
        >
          <Text size="sm">
            Send this link to the person. It works once, for seven days, and is shown this once. Whoever opens it joins
            as {made.email}.
          </Text>
        </ShownOnce>
      )}
    </>
  );
}
