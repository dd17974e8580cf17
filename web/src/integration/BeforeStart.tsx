import { Anchor, Badge, Group, List, Paper, SimpleGrid, Table, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { WideTable } from "~/ui/WideTable";
import type { StartPageQuery } from "./connect.generated";

type Package = StartPageQuery["packages"][number];
type Prerequisite = StartPageQuery["connectors"][number]["prerequisites"][number];

/** What the connection makes possible: the features of what the workspace bought. */
export function Benefits({ features }: { features: Package["features"] }) {
  if (features.length === 0) return null;
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="benefits">
      <Title order={2} id="benefits" mb="sm">
        What you get
      </Title>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
        {features.map((feature) => (
          <Group key={feature.key} component="li" wrap="nowrap" align="flex-start" gap="xs">
            <ThemeIcon size={22} radius="xl" variant="light" aria-hidden>
              <IconCheck size={14} />
            </ThemeIcon>
            <div>
              <Text size="sm" fw={600}>
                {feature.title}
              </Text>
              <Text size="sm" c="dimmed">
                {feature.description}
              </Text>
            </div>
          </Group>
        ))}
      </SimpleGrid>
    </Paper>
  );
}

/** What must be in place, what is needed for certain first. */
export function Prerequisites({ prerequisites }: { prerequisites: readonly Prerequisite[] }) {
  if (prerequisites.length === 0) return null;
  const sorted = [...prerequisites].sort((a, b) => Number(b.required) - Number(a.required));
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="prerequisites">
      <Title order={2} id="prerequisites" mb="sm">
        What must be in place
      </Title>
      <List listStyleType="none" spacing="sm">
        {sorted.map((each) => (
          <List.Item key={each.key} styles={{ itemWrapper: { display: "block" }, itemLabel: { display: "block" } }}>
            <Group gap="xs" mb={2}>
              <Text size="sm" fw={600}>
                {each.title}
              </Text>
              <Badge variant="light" color={each.required ? "orange" : "gray"} tt="none">
                {each.required ? "Required" : "Advised"}
              </Badge>
            </Group>
            <Text size="sm" c="dimmed" maw={860}>
              {each.description}
            </Text>
            {each.helpUrl && (
              <Anchor href={each.helpUrl} target="_blank" rel="noreferrer" size="sm" underline="always">
                Help of the vendor
                <span aria-hidden> ↗</span>
              </Anchor>
            )}
          </List.Item>
        ))}
      </List>
    </Paper>
  );
}

const requirements = { REQUIRED: "Required", RECOMMENDED: "Recommended", OPTIONAL: "Optional" } as const;

/** The rights that the integration user needs on each object. */
export function NeededRights({ objects, crm }: { objects: Package["objects"]; crm: string }) {
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="rights">
      <Title order={2} id="rights">
        What the integration user must be able to read
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        These objects of {crm} are checked right after you have signed in, and every day from then on.
      </Text>
      <WideTable label="Rights" minWidth={420}>
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Object</Table.Th>
              <Table.Th>Name at the CRM</Table.Th>
              <Table.Th>Rights</Table.Th>
              <Table.Th>Need</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {objects.map((object) => (
              <Table.Tr key={object.key}>
                <Table.Td>{object.label}</Table.Td>
                <Table.Td>
                  <Text span size="sm" ff="monospace">
                    {object.name}
                  </Text>
                </Table.Td>
                <Table.Td>{rightsText(object.rights)}</Table.Td>
                <Table.Td>{requirements[object.requirement]}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Paper>
  );
}

function rightsText(rights: { read: boolean; create: boolean; update: boolean }): string {
  return [rights.read && "Read", rights.create && "Create", rights.update && "Update"].filter(Boolean).join(", ");
}
