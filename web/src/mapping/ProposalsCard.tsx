import { Badge, Button, Checkbox, Code, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { count } from "~/ui/words";
import { MappingApplyDocument, type MappingApplyMutation } from "./mapping.generated";
import classes from "./mapping.module.css";
import type { Proposal } from "./standard";

const pickApply = (data: MappingApplyMutation) => data.applyMappingProposals;

const keyOf = (proposal: Proposal) => `${proposal.standardField} ${proposal.crmField}`;

/** What is as good as certain, and takes nothing's place, is chosen from the start; the rest is for a person to look at. */
export function isSound(proposal: Proposal): boolean {
  return proposal.readable && proposal.confidence >= 0.5 && proposal.presentCrmField === "";
}

/** ProposalsCard offers what Fieldwarden would map; an admin chooses and applies. */
export function ProposalsCard({
  integrationId,
  proposals,
  onDone,
}: {
  integrationId: string;
  proposals: readonly Proposal[];
  onDone(): void;
}) {
  const mayEdit = useMay("CONFIGURE");
  const apply = useCommand(MappingApplyDocument, pickApply);
  // What somebody chose otherwise than it was from the start.
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  if (proposals.length === 0) return null;
  const isChosen = (proposal: Proposal) => isSound(proposal) !== turned.has(keyOf(proposal));
  const chosen = proposals.filter(isChosen);
  const turn = (proposal: Proposal) =>
    setTurned((old) => {
      const next = new Set(old);
      if (!next.delete(keyOf(proposal))) next.add(keyOf(proposal));
      return next;
    });
  const turnAll = (on: boolean) =>
    setTurned(new Set(proposals.filter((proposal) => isSound(proposal) !== on).map(keyOf)));
  const run = async () => {
    const { ok } = await apply.run({
      integrationId,
      mappings: chosen.map(({ standardField, crmField }) => ({ standardField, crmField })),
    });
    if (!ok) return;
    setTurned(new Set());
    notifications.show({
      message: `${count(chosen.length, "field")} mapped.`,
      closeButtonProps: { "aria-label": "Close" },
    });
    onDone();
  };
  return (
    <Paper withBorder component="section" aria-labelledby="proposals">
      <Stack gap={4} p="md" pb="xs">
        <Title order={2} id="proposals">
          Proposals
        </Title>
        <Text size="sm" c="dimmed">
          What Fieldwarden would map. What an admin chose, and works, is left alone.
        </Text>
        <Checkbox
          mt="xs"
          label="Choose all"
          checked={chosen.length === proposals.length}
          indeterminate={chosen.length > 0 && chosen.length < proposals.length}
          disabled={!mayEdit}
          onChange={(event) => turnAll(event.currentTarget.checked)}
        />
      </Stack>
      <ul className={classes.list}>
        {proposals.map((proposal) => (
          <li key={keyOf(proposal)} className={classes.row}>
            <Checkbox
              checked={isChosen(proposal)}
              onChange={() => turn(proposal)}
              disabled={!mayEdit}
              label={
                <>
                  <strong>{proposal.label}</strong> stands for <Code>{proposal.crmField}</Code>
                  {proposal.presentCrmField && (
                    <>
                      {" "}
                      in place of <Code>{proposal.presentCrmField}</Code>
                    </>
                  )}
                </>
              }
              description={`${proposal.objectName}: ${proposal.reason}`}
            />
            <Group gap={6} pl={32} mt={4}>
              <Confidence value={proposal.confidence} />
              {!proposal.readable && <Status tone="bad">Cannot be read now</Status>}
            </Group>
          </li>
        ))}
      </ul>
      <Stack p="md" gap="sm" align="flex-start">
        <CommandProblems outcome={apply.outcome} />
        <Button disabled={!mayEdit || chosen.length === 0} loading={apply.busy} onClick={() => void run()}>
          Apply {count(chosen.length, "proposal")}
        </Button>
      </Stack>
    </Paper>
  );
}

function Confidence({ value }: { value: number }) {
  const [color, word] =
    value >= 0.9 ? ["green", "Sure"] : value >= 0.5 ? ["blue", "Likely"] : ["orange", "Look at its values first"];
  return (
    <Badge variant="light" color={color} tt="none">
      {word} · {Math.round(value * 100)} %
    </Badge>
  );
}
