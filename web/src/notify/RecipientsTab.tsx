import { Anchor, Button, Group, NativeSelect, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconMailPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { Pages } from "~/alert/Pages";
import { useCommand } from "~/api/command";
import { useScreen } from "~/api/query";
import type { RecipientKind, Severity } from "~/api/schema.generated";
import { useMay } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { Confirm } from "~/ui/Confirm";
import { Empty } from "~/ui/Empty";
import { CommandProblems } from "~/ui/Notice";
import { Loaded } from "~/ui/Page";
import { WideTable } from "~/ui/WideTable";
import { count } from "~/ui/words";
import { AddRecipients } from "./AddRecipients";
import { NoMail } from "./NoMail";
import {
  type NotifyRecipientFragment,
  NotifyRecipientsDocument,
  type NotifyRecipientsQuery,
  NotifyRemoveRecipientDocument,
  type NotifyRemoveRecipientMutation,
  NotifyUpdateRecipientDocument,
  type NotifyUpdateRecipientMutation,
} from "./notify.generated";
import { TestButton, TestOutcome, useTest } from "./TestOutcome";
import { classWords, kindWords, onlyAdmins, severityChoices, toast } from "./words";

/** RecipientsTab is whom mails go to, beside the workspace's owners. */
export function RecipientsTab() {
  const [params] = useSearchParams();
  const screen = useScreen(NotifyRecipientsDocument, { after: params.get("after") }, { kinds: ["member"] });
  const may = useMay("CONFIGURE");
  return (
    <Loaded screen={screen}>
      {(data) => (
        <Stack>
          <NoMail configured={data.digestSettings.mailConfigured} />
          <Owners members={data.members} />
          {may ? (
            <AddRecipients onDone={screen.refresh} />
          ) : (
            <Text size="sm" c="dimmed">
              {onlyAdmins}
            </Text>
          )}
          <List data={data} onDone={screen.refresh} />
        </Stack>
      )}
    </Loaded>
  );
}

function Owners({ members }: { members: NotifyRecipientsQuery["members"] }) {
  const owners = (members.edges ?? []).flatMap((edge) =>
    edge?.node?.role === "OWNER" && !edge.node.removedAt ? edge.node : [],
  );
  return (
    <Text size="sm">
      {owners.length === 0
        ? "The workspace's owners are told in any case; it has none yet."
        : `Told in any case, as ${owners.length === 1 ? "the workspace's owner" : "the workspace's owners"}: ${owners
            .map(({ name, email }) => (name ? `${name} (${email})` : email))
            .join(", ")}.`}{" "}
      <Anchor component={Link} to="/members" size="sm" underline="always">
        Members
      </Anchor>
    </Text>
  );
}

function List({ data, onDone }: { data: NotifyRecipientsQuery; onDone(): void }) {
  const recipients = (data.recipients.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const [removing, setRemoving] = useState<NotifyRecipientFragment | null>(null);
  if (recipients.length === 0) {
    return (
      <Empty icon={IconMailPlus} title="Nobody is listed yet">
        Only the owners are told. Add the people who can repair things in the CRM: what an onboarding check finds goes
        to the customer's recipients, daily digests go to all.
      </Empty>
    );
  }
  return (
    <Stack gap="xs">
      <Title order={2}>{count(data.recipients.totalCount, "recipient")}</Title>
      <Paper withBorder>
        <WideTable label="Recipients" minWidth={820}>
          <Table verticalSpacing="sm" horizontalSpacing="md">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Address</Table.Th>
                <Table.Th>Kind</Table.Th>
                <Table.Th>Mailed at once</Table.Th>
                <Table.Th>Actions</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {recipients.map((recipient) => (
                <Row key={recipient.id} recipient={recipient} onRemove={() => setRemoving(recipient)} />
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      </Paper>
      <Text size="sm" c="dimmed">
        Mandatory mails, the daily digest first of all, go to everybody whatever is chosen here: nobody can unsubscribe
        from lost access.
      </Text>
      <Pages next={data.recipients.pageInfo.hasNextPage ? data.recipients.pageInfo.endCursor : null} />
      {removing && <Remove recipient={removing} onClose={() => setRemoving(null)} onDone={onDone} />}
    </Stack>
  );
}

const pickUpdate = (data: NotifyUpdateRecipientMutation) => data.updateRecipient;

function Row({ recipient, onRemove }: { recipient: NotifyRecipientFragment; onRemove(): void }) {
  const may = useMay("CONFIGURE");
  const update = useCommand(NotifyUpdateRecipientDocument, pickUpdate);
  const test = useTest();
  const change = async (wanted: { kind?: RecipientKind; minSeverity?: Severity }) => {
    const sent = { recipientId: recipient.id, kind: null, minSeverity: null, ...wanted };
    if ((await update.run(sent)).ok) toast(`${recipient.address} is changed.`);
  };
  return (
    <>
      <Table.Tr>
        <Table.Td style={{ overflowWrap: "anywhere", minWidth: 220 }}>
          <Text size="sm">{recipient.address}</Text>
          <Text size="sm" c="dimmed">
            {classWords[recipient.class]}, added <Ago at={recipient.createdAt} />
          </Text>
        </Table.Td>
        <Table.Td>
          <NativeSelect
            size="xs"
            miw={150}
            aria-label={`What kind of address ${recipient.address} is`}
            disabled={!may || update.busy}
            value={recipient.kind}
            onChange={(event) => change({ kind: event.currentTarget.value as RecipientKind })}
            data={Object.entries(kindWords).map(([value, label]) => ({ value, label }))}
          />
        </Table.Td>
        <Table.Td>
          <NativeSelect
            size="xs"
            miw={150}
            aria-label={`What ${recipient.address} is mailed at once`}
            disabled={!may || update.busy}
            value={recipient.minSeverity}
            onChange={(event) => change({ minSeverity: event.currentTarget.value as Severity })}
            data={severityChoices}
          />
        </Table.Td>
        <Table.Td>
          <Group gap="xs" wrap="nowrap">
            <TestButton test={test} to={{ recipientId: recipient.id }} name={recipient.address} disabled={!may} />
            <Button
              size="xs"
              variant="default"
              disabled={!may}
              leftSection={<IconTrash size={14} aria-hidden />}
              onClick={onRemove}
              aria-label={`Remove ${recipient.address}`}
            >
              Remove
            </Button>
          </Group>
        </Table.Td>
      </Table.Tr>
      {(test.outcome || update.outcome?.ok === false) && (
        <Table.Tr>
          <Table.Td colSpan={4}>
            <TestOutcome test={test} />
            <CommandProblems outcome={update.outcome} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

const pickRemove = (data: NotifyRemoveRecipientMutation) => data.removeRecipient;

function Remove({
  recipient,
  onClose,
  onDone,
}: {
  recipient: NotifyRecipientFragment;
  onClose(): void;
  onDone(): void;
}) {
  const command = useCommand(NotifyRemoveRecipientDocument, pickRemove);
  const remove = async () => {
    if (!(await command.run({ recipientId: recipient.id })).ok) return;
    onClose();
    onDone();
    toast(`${recipient.address} is removed.`);
  };
  return (
    <Confirm
      opened
      title="Remove a recipient"
      action="Remove"
      busy={command.busy}
      onConfirm={remove}
      onCancel={onClose}
    >
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {recipient.address} gets no mails from now on, not the daily digest either. An owner is told all the same.
      </Text>
      <CommandProblems outcome={command.outcome} />
    </Confirm>
  );
}
