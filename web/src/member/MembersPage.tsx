import { Badge, Button, Group, Paper, Stack, Table, Text, VisuallyHidden } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { Pages } from "~/alert/Pages";
import { useScreen } from "~/api/query";
import { useMay, useViewer } from "~/app/viewer";
import { nameOf } from "~/integration/about";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { WideTable } from "~/ui/WideTable";
import { count } from "~/ui/words";
import { EditMember } from "./EditMember";
import { Invitations } from "./Invitations";
import { InviteMember } from "./InviteMember";
import { type MemberRowFragment, MembersDocument, type MembersQuery } from "./members.generated";
import { RemoveMember } from "./RemoveMember";
import { roleWord } from "./words";

export function Component() {
  const manage = useMay("MANAGE_MEMBERS");
  const [params] = useSearchParams();
  const screen = useScreen(
    MembersDocument,
    { manage, after: params.get("after") },
    { kinds: ["member", "integration"] },
  );
  return (
    <Page
      title="Members"
      lead={
        manage
          ? "Who may look into this workspace and what each may do. A new role holds from the member's next request on."
          : "Who may look into this workspace. Owners and admins invite, change and remove members."
      }
      actions={<InviteMember onDone={screen.refresh} />}
    >
      <Loaded screen={screen}>
        {(data) => (
          <Stack gap="lg">
            <MemberTable data={data} manage={manage} onDone={screen.refresh} />
            <Pages next={data.members.pageInfo.hasNextPage ? data.members.pageInfo.endCursor : null} />
            {data.invitations && (
              <Invitations
                invitations={(data.invitations.edges ?? []).flatMap((edge) => edge?.node ?? [])}
                onDone={screen.refresh}
              />
            )}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function MemberTable({ data, manage, onDone }: { data: MembersQuery; manage: boolean; onDone(): void }) {
  const viewer = useViewer();
  const [editing, setEditing] = useState<MemberRowFragment | null>(null);
  const [removing, setRemoving] = useState<MemberRowFragment | null>(null);
  const members = (data.members.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const integrations = (data.integrations.edges ?? []).flatMap((edge) => edge?.node ?? []);
  if (members.length === 0)
    return (
      <Empty icon={IconUsers} title="Nobody is a member yet">
        The operator has the sign-in link of the first owner: the command{" "}
        <Text span ff="monospace" inherit>
          fieldwarden sign-in-link
        </Text>{" "}
        prints one.
      </Empty>
    );
  return (
    <Paper withBorder p="md" component="section" aria-label="Table of members">
      <Text size="sm" c="dimmed" mb="xs" role="status">
        {count(data.members.totalCount, "member")}
      </Text>
      <WideTable label="Members" minWidth={manage ? 760 : 560}>
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Person</Table.Th>
              <Table.Th>Role</Table.Th>
              <Table.Th>Last signed in</Table.Th>
              {integrations.length > 0 && <Table.Th>CRM user</Table.Th>}
              {manage && (
                <Table.Th>
                  <VisuallyHidden>What to do</VisuallyHidden>
                </Table.Th>
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {members.map((member) => (
              <Table.Tr key={member.id} style={{ verticalAlign: "top" }}>
                <Table.Th scope="row" fw={400} style={{ overflowWrap: "anywhere" }}>
                  <Group gap={6}>
                    <Text size="sm" fw={600}>
                      {member.name || member.email}
                    </Text>
                    {member.id === viewer.id && (
                      <Badge variant="light" color="gray" tt="none" size="sm">
                        You
                      </Badge>
                    )}
                  </Group>
                  {member.name && (
                    <Text size="sm" c="dimmed">
                      {member.email}
                    </Text>
                  )}
                </Table.Th>
                <Table.Td>{roleWord(member.role)}</Table.Td>
                <Table.Td>
                  <Ago at={member.lastSeenAt} />
                </Table.Td>
                {integrations.length > 0 && (
                  <Table.Td>
                    <CrmUsers memberId={member.id} integrations={integrations} />
                  </Table.Td>
                )}
                {manage && (
                  <Table.Td>
                    {member.role === "OWNER" && viewer.role !== "OWNER" ? (
                      <Text size="xs" c="dimmed" ta="right">
                        Owners change owners
                      </Text>
                    ) : (
                      <Group gap={6} justify="flex-end" wrap="nowrap">
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={`Change ${member.email}`}
                          onClick={() => setEditing(member)}
                        >
                          Change…
                        </Button>
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={`Remove ${member.email}`}
                          onClick={() => setRemoving(member)}
                        >
                          Remove…
                        </Button>
                      </Group>
                    )}
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
      {editing && <EditMember member={editing} onClose={() => setEditing(null)} />}
      {removing && <RemoveMember member={removing} onClose={() => setRemoving(null)} onDone={onDone} />}
    </Paper>
  );
}

type MemberIntegration = NonNullable<NonNullable<NonNullable<MembersQuery["integrations"]["edges"]>[number]>["node"]>;

/** Which CRM user a member is, matched by e-mail address, in each integration. */
function CrmUsers({ memberId, integrations }: { memberId: string; integrations: readonly MemberIntegration[] }) {
  const found = integrations.flatMap((integration) => {
    const match = (integration.userMatches.edges ?? []).find((edge) => edge?.node?.member.id === memberId)?.node;
    return match?.crmUserId
      ? [{ id: integration.id, name: integration.instance?.name ?? nameOf(integration), user: match.crmUserId }]
      : [];
  });
  if (found.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No CRM user has this address
      </Text>
    );
  return (
    <Stack gap={2}>
      {found.map(({ id, name, user }) => (
        <Text key={id} size="sm" style={{ overflowWrap: "anywhere" }}>
          {name}:{" "}
          <Text span ff="monospace" size="xs">
            {user}
          </Text>
        </Text>
      ))}
    </Stack>
  );
}
