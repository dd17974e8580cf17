import { Button, Paper, Stack, Table, Text, Title, VisuallyHidden } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useCommand } from "~/api/command";
import { Ago } from "~/ui/Ago";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { WideTable } from "~/ui/WideTable";
import {
  type InvitationRowFragment,
  MembersRevokeInvitationDocument,
  type MembersRevokeInvitationMutation,
} from "./members.generated";
import { roleWord } from "./words";

const pick = (data: MembersRevokeInvitationMutation) => data.revokeInvitation;

/** Invitations are those that were not accepted yet. */
export function Invitations({
  invitations,
  onDone,
}: {
  invitations: readonly InvitationRowFragment[];
  onDone(): void;
}) {
  const [revoking, setRevoking] = useState<InvitationRowFragment | null>(null);
  const command = useCommand(MembersRevokeInvitationDocument, pick);
  const revoke = async () => {
    if (!revoking) return;
    const { ok } = await command.run({ invitationId: revoking.id });
    if (!ok) return;
    setRevoking(null);
    onDone();
    notifications.show({ message: "The invitation no longer works.", closeButtonProps: { "aria-label": "Close" } });
  };
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="invitations">
      <Title order={2} id="invitations" mb="xs">
        Open invitations
      </Title>
      {invitations.length === 0 ? (
        <Text size="sm" c="dimmed">
          None. An invitation waits here until it is accepted or its seven days are over.
        </Text>
      ) : (
        <WideTable label="Table of invitations" minWidth={560}>
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>For</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th>Made</Table.Th>
                <Table.Th>Ends</Table.Th>
                <Table.Th>
                  <VisuallyHidden>What to do</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {invitations.map((invitation) => (
                <Table.Tr key={invitation.id}>
                  <Table.Th scope="row" fw={600} style={{ overflowWrap: "anywhere" }}>
                    {invitation.email}
                  </Table.Th>
                  <Table.Td>{roleWord(invitation.role)}</Table.Td>
                  <Table.Td>
                    <Ago at={invitation.createdAt} />
                  </Table.Td>
                  <Table.Td>
                    <Ago at={invitation.expiresAt} />
                  </Table.Td>
                  <Table.Td ta="right">
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={`Revoke the invitation for ${invitation.email}`}
                      onClick={() => {
                        command.reset();
                        setRevoking(invitation);
                      }}
                    >
                      Revoke
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
      <Confirm
        opened={revoking !== null}
        title="Take the invitation back?"
        action="Revoke"
        busy={command.busy}
        onConfirm={revoke}
        onCancel={() => setRevoking(null)}
      >
        <Stack gap="sm">
          <Text size="sm">The link that {revoking?.email} has no longer works. Another invitation can be made.</Text>
          <CommandProblems outcome={command.outcome} />
        </Stack>
      </Confirm>
    </Paper>
  );
}
