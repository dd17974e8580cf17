import { Anchor, Badge, Collapse, Group, Paper, Stack, Table, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import type { AuditOutcome } from "~/api/schema.generated";
import { Fact } from "~/integration/about";
import { Ago } from "~/ui/Ago";
import { Status, type Tone } from "~/ui/Status";
import { exact } from "~/ui/time";
import type { AuditRowFragment } from "./audit.generated";
import { type Difference, differences } from "./difference";
import type { AuditView } from "./view";

const tones: Record<AuditOutcome, [Tone, string]> = {
  SUCCEEDED: ["good", "Done"],
  DENIED: ["bad", "Denied"],
  FAILED: ["warning", "Failed"],
};

/** AuditEntries lists what was done, tried or refused, newest first; each opens to what it changed. */
export function AuditEntries({
  entries,
  change,
}: {
  entries: readonly AuditRowFragment[];
  change(changes: Partial<AuditView>): void;
}) {
  return (
    <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: "none" }} aria-label="Entries">
      {entries.map((entry) => (
        <Entry key={entry.id} entry={entry} change={change} />
      ))}
    </Stack>
  );
}

function Entry({ entry, change }: { entry: AuditRowFragment; change(changes: Partial<AuditView>): void }) {
  const [opened, setOpened] = useState(false);
  const details = useId();
  const [tone, word] = tones[entry.outcome];
  const Sign = opened ? IconChevronDown : IconChevronRight;
  const changed = differences(entry.before, entry.after);
  return (
    <Paper withBorder component="li">
      <UnstyledButton
        onClick={() => setOpened(!opened)}
        aria-expanded={opened}
        aria-controls={details}
        w="100%"
        px="sm"
        py={8}
      >
        <Group gap="sm" wrap="nowrap" align="flex-start">
          <Sign size={16} style={{ flex: "none", marginTop: 3 }} aria-hidden />
          <Group gap="xs" style={{ flex: 1, minWidth: 0 }}>
            <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
              {entry.action}
            </Text>
            <Status tone={tone}>{word}</Status>
            {entry.via && (
              <Badge variant="light" color="grape" tt="none">
                via {entry.via}
              </Badge>
            )}
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {entry.actorName || entry.actor}
            </Text>
            {changed.length > 0 && (
              <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }} lineClamp={1}>
                {inShort(changed)}
              </Text>
            )}
            <Text size="sm" c="dimmed" component="div" ml="auto" style={{ whiteSpace: "nowrap" }}>
              <Ago at={entry.createdAt} />
            </Text>
          </Group>
        </Group>
      </UnstyledButton>
      <Collapse expanded={opened} id={details}>
        {opened && (
          <Stack gap="sm" px="sm" pb="sm" pl={{ base: "sm", sm: 40 }}>
            <Changes changed={changed} entry={entry} />
            <Group component="dl" gap="lg" m={0} align="flex-start">
              <Fact term="When">{exact(new Date(entry.createdAt))}</Fact>
              <Fact term="Actor">
                <Only label={entry.actor} onClick={() => change({ actor: entry.actor })} />
              </Fact>
              {entry.target && (
                <Fact term="Target">
                  <Only label={entry.target} onClick={() => change({ target: entry.target })} />
                </Fact>
              )}
              {entry.errorCode && (
                <Fact term="Why">
                  <Anchor href={`/docs/errors#${entry.errorCode}`} target="_blank" size="sm" underline="always">
                    {entry.errorCode}
                  </Anchor>
                </Fact>
              )}
              <Fact term="By">{entry.interface}</Fact>
              {entry.address && <Fact term="Address">{entry.address}</Fact>}
              {entry.userAgent && <Fact term="Client">{entry.userAgent}</Fact>}
              {entry.requestId && <Fact term="Request">{entry.requestId}</Fact>}
            </Group>
          </Stack>
        )}
      </Collapse>
    </Paper>
  );
}

/** Only shows an id and leads to the entries about it. */
function Only({ label, onClick }: { label: string; onClick(): void }) {
  return (
    <Anchor component="button" type="button" size="sm" underline="always" onClick={onClick} title="Only these entries">
      {label}
    </Anchor>
  );
}

function inShort(changed: readonly Difference[]): string {
  const [first] = changed;
  if (!first) return "";
  const more = changed.length > 1 ? ` and ${changed.length - 1} more` : "";
  if (first.before === undefined) return `${first.path}: ${first.after}${more}`;
  return `${first.path}: ${first.before} → ${first.after ?? "–"}${more}`;
}

function Changes({ changed, entry }: { changed: readonly Difference[]; entry: AuditRowFragment }) {
  if (changed.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {entry.outcome === "SUCCEEDED" ? "It changed no value that is kept here." : "Nothing was changed."}
      </Text>
    );
  const both = entry.before !== null && entry.after !== null;
  return (
    <Table verticalSpacing={4} aria-label="What was changed" layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Value</Table.Th>
          {entry.before !== null && <Table.Th>Before</Table.Th>}
          {entry.after !== null && <Table.Th>{both ? "After" : "Given"}</Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {changed.map((each) => (
          <Table.Tr key={each.path} style={{ verticalAlign: "top", overflowWrap: "anywhere" }}>
            <Table.Th scope="row" fw={400}>
              {each.path}
            </Table.Th>
            {entry.before !== null && (
              <Table.Td>{each.before === undefined ? <Missing /> : <Removed>{each.before}</Removed>}</Table.Td>
            )}
            {entry.after !== null && (
              <Table.Td>
                {each.after === undefined ? <Missing /> : both ? <Added>{each.after}</Added> : each.after}
              </Table.Td>
            )}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Removed({ children }: { children: string }) {
  // A line through a dash would be nothing to see.
  return children === "–" ? children : <del>{children}</del>;
}

function Added({ children }: { children: string }) {
  return <ins style={{ textDecoration: "none", fontWeight: 600 }}>{children}</ins>;
}

function Missing() {
  return (
    <Text span inherit c="dimmed">
      none
    </Text>
  );
}
