import { Button, Group, Modal, Radio, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useCommand } from "~/api/command";
import type { Role } from "~/api/schema.generated";
import { useViewer } from "~/app/viewer";
import { CommandProblems } from "~/ui/Notice";
import {
  type MemberRowFragment,
  MembersSetRoleDocument,
  type MembersSetRoleMutation,
  MembersUpdateDocument,
  type MembersUpdateMutation,
} from "./members.generated";
import { mayGive, roles } from "./words";

const pickRole = (data: MembersSetRoleMutation) => data.setMemberRole;
const pickUpdate = (data: MembersUpdateMutation) => data.updateMember;

/** EditMember changes who a member is and what it may do. Only what was changed is sent. */
export function EditMember({ member, onClose }: { member: MemberRowFragment; onClose(): void }) {
  const [name, setName] = useState(member.name);
  const [email, setEmail] = useState(member.email);
  const [role, setRole] = useState<Role>(member.role);
  const update = useCommand(MembersUpdateDocument, pickUpdate);
  const setMemberRole = useCommand(MembersSetRoleDocument, pickRole);
  const given = mayGive(useViewer().role);
  const save = async () => {
    if (name !== member.name || email !== member.email) {
      const { ok } = await update.run({
        memberId: member.id,
        name: name === member.name ? null : name,
        email: email === member.email ? null : email,
      });
      if (!ok) return;
    }
    if (role !== member.role) {
      const { ok } = await setMemberRole.run({ memberId: member.id, role });
      if (!ok) return;
    }
    onClose();
    notifications.show({ message: "The member is changed.", closeButtonProps: { "aria-label": "Close" } });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Change ${member.name || member.email}`}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="E-mail address"
            description="With it the matching with CRM users changes at once."
            type="email"
            required
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Radio.Group label="Role" value={role} onChange={(value) => setRole(value as Role)}>
            <Stack gap="xs" mt={6}>
              {roles
                .filter(([each]) => given.includes(each))
                .map(([each, title, may]) => (
                  <Radio key={each} value={each} label={title} description={may} />
                ))}
            </Stack>
          </Radio.Group>
          <CommandProblems outcome={update.outcome} />
          <CommandProblems outcome={setMemberRole.outcome} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={update.busy || setMemberRole.busy}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
