import { Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useCommand } from "~/api/command";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { type MemberRowFragment, MembersRemoveDocument, type MembersRemoveMutation } from "./members.generated";

const pick = (data: MembersRemoveMutation) => data.removeMember;

/** RemoveMember asks before somebody is removed, saying what stays behind. */
export function RemoveMember({
  member,
  onClose,
  onDone,
}: {
  member: MemberRowFragment;
  onClose(): void;
  onDone(): void;
}) {
  const command = useCommand(MembersRemoveDocument, pick);
  const who = member.name || member.email;
  const remove = async () => {
    const { ok } = await command.run({ memberId: member.id });
    if (!ok) return;
    onClose();
    onDone();
    notifications.show({ message: `${who} is no longer a member.`, closeButtonProps: { "aria-label": "Close" } });
  };
  return (
    <Confirm opened title={`Remove ${who}?`} action="Remove" busy={command.busy} onConfirm={remove} onCancel={onClose}>
      <Stack gap="sm">
        <Text size="sm">
          The person is signed out within a minute and can come back only by a new invitation. Service tokens that the
          person made stay: they are the workspace's. Look through them and revoke those that only this person knew.
        </Text>
        <CommandProblems outcome={command.outcome} />
      </Stack>
    </Confirm>
  );
}
