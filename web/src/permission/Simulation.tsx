import { Button, Collapse, Group, List, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useId } from "react";
import type { SimulationState } from "~/api/schema.generated";
import { Ago } from "~/ui/Ago";
import { Status, type Tone } from "~/ui/Status";
import { count } from "~/ui/words";
import type { PermissionSimulationFragment } from "./history.generated";
import { RightMarks } from "./RightMarks";
import { rightWords } from "./words";

const states: Record<SimulationState, [Tone, string]> = {
  WAITING: ["waiting", "Waiting for the sign-in"],
  RUNNING: ["info", "Asking the CRM"],
  DONE: ["good", "Done"],
  FAILED: ["bad", "Failed"],
  EXPIRED: ["unknown", "Expired"],
};

type Setting = PermissionSimulationFragment["settings"][number];

/** Simulation is what would work with one other login. */
export function Simulation({ simulation, newest }: { simulation: PermissionSimulationFragment; newest: boolean }) {
  const { state, settings, objects, problem } = simulation;
  const [opened, { toggle }] = useDisclosure(newest);
  const [tone, word] = states[state];
  const details = useId();
  const done = state === "DONE";
  const works = settings.filter((setting) => setting.works).length;
  return (
    <Paper withBorder p="md" component="article" aria-label={simulation.identity || word}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Status tone={tone}>{word}</Status>
          <Text fw={600} size="sm" style={{ overflowWrap: "anywhere" }}>
            {simulation.identity || "Nobody yet"}
          </Text>
          <Text size="sm" c="dimmed" component="div">
            started <Ago at={simulation.createdAt} />
            {state === "WAITING" && (
              <>
                , the sign-in ends <Ago at={simulation.expiresAt} />
              </>
            )}
          </Text>
        </Group>
        {done && (
          <Button
            size="xs"
            variant="default"
            aria-expanded={opened}
            aria-controls={details}
            rightSection={opened ? <IconChevronUp size={14} aria-hidden /> : <IconChevronDown size={14} aria-hidden />}
            onClick={toggle}
          >
            {`${works} of ${count(settings.length, "setting")} would work`}
          </Button>
        )}
      </Group>
      {problem && (
        <Text size="sm" mt="xs">
          {problem.message} {problem.hint}
        </Text>
      )}
      {done && (
        <Collapse expanded={opened} id={details}>
          <SimpleGrid cols={{ base: 1, md: 2 }} mt="md" spacing="xl">
            <section>
              <Title order={3} mb="xs">
                Settings
              </Title>
              <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
                {settings.map((setting) => (
                  <SettingResult key={setting.key} setting={setting} />
                ))}
              </Stack>
            </section>
            <section>
              <Title order={3} mb="xs">
                Objects
              </Title>
              <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
                {objects.map((object) => (
                  <li key={object.name}>
                    <Group gap="sm" justify="space-between">
                      <Text size="sm" fw={550}>
                        {object.name}
                      </Text>
                      {object.checkFailed ? (
                        <Status tone="unknown">Not known</Status>
                      ) : (
                        <RightMarks given={object.rights} missing={object.readableNow ? ["READ"] : []} />
                      )}
                    </Group>
                    <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                      {object.checkFailed
                        ? "The CRM did not answer for it."
                        : object.rights.read && !object.readableNow
                          ? "The present login cannot read it."
                          : !object.rights.read && object.readableNow
                            ? "The present login can read it."
                            : ""}
                      {object.missingFields.length > 0 &&
                        ` Mapped fields that it could not read: ${object.missingFields.join(", ")}.`}
                    </Text>
                  </li>
                ))}
              </Stack>
            </section>
          </SimpleGrid>
        </Collapse>
      )}
    </Paper>
  );
}

function difference({ works, worksNow }: Setting): string {
  if (works === worksNow) return works ? "As now." : "Neither does it with the present login.";
  return works ? "It does not with the present login." : "It does with the present login.";
}

function SettingResult({ setting }: { setting: Setting }) {
  return (
    <li>
      <Group gap="sm" justify="space-between" wrap="nowrap" align="flex-start">
        <Text size="sm" fw={550}>
          {setting.title}
        </Text>
        <Status tone={setting.works ? "good" : "bad"}>{setting.works ? "Would work" : "Would not"}</Status>
      </Group>
      <Text size="xs" c="dimmed">
        {difference(setting)}
      </Text>
      {setting.missing.length > 0 && (
        <List size="xs" c="dimmed" withPadding>
          {setting.missing.map((one) => (
            <List.Item key={`${one.object}.${one.field}.${one.right}`}>
              {one.status === "UNKNOWN" ? "Not known: " : "Missing: "}
              {rightWords[one.right].toLowerCase()} on {one.field ? `${one.object}.${one.field}` : one.object}
            </List.Item>
          ))}
        </List>
      )}
    </li>
  );
}
