import { Accordion, Anchor, Badge, Group, List, Stack, Table, Text } from "@mantine/core";
import { Status } from "~/ui/Status";
import { WideTable } from "~/ui/WideTable";
import { words } from "~/ui/words";
import type { Connector } from "./ConnectorsPage";

const capabilities: Record<Connector["capabilities"][number], string> = {
  LIST_OBJECTS: "Lists the CRM's objects",
  LIST_FIELDS: "Lists the fields of an object",
  CHECK_PERMISSIONS: "Tells the rights of the integration user",
  READ: "Reads records",
  LIST_PICKLIST: "Lists the choices of stages, sources and roles",
  READ_RECORDS: "Reads single records by their ids",
};

/** What a connector can do and needs, and how its process is confined, folded away. */
export function ConnectorDetails({ connector }: { connector: Connector }) {
  return (
    <Accordion
      multiple
      variant="contained"
      order={3}
      chevronPosition="left"
      styles={{ label: { fontSize: "var(--mantine-font-size-sm)", paddingBlock: 8 } }}
    >
      <Accordion.Item value="protections">
        <Accordion.Control>Protections of its process</Accordion.Control>
        <Accordion.Panel>
          <Protections connector={connector} />
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="capabilities">
        <Accordion.Control>Capabilities and APIs</Accordion.Control>
        <Accordion.Panel>
          <List size="sm" spacing={4}>
            {connector.capabilities.map((each) => (
              <List.Item key={each}>{capabilities[each]}</List.Item>
            ))}
            {connector.apiTypes.map((each) => (
              <List.Item key={each.key}>
                Calls of the {each.title} are counted
                {each.recommendedDailyLimit === null
                  ? ""
                  : `; at most ${each.recommendedDailyLimit.toLocaleString()} a day are recommended`}
              </List.Item>
            ))}
          </List>
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="prerequisites">
        <Accordion.Control>Prerequisites</Accordion.Control>
        <Accordion.Panel>
          <Prerequisites connector={connector} />
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="checksum">
        <Accordion.Control>Checksum of its file</Accordion.Control>
        <Accordion.Panel>
          <Text size="sm" c="dimmed">
            SHA-256; every start verifies it.
          </Text>
          <Text size="sm" ff="monospace" style={{ overflowWrap: "anywhere" }}>
            {connector.checksum || "None: there is no file."}
          </Text>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

function Protections({ connector }: { connector: Connector }) {
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        Enforced by the operating system, or only advisory: a hostile connector could escape what is advisory here.
      </Text>
      <WideTable label="Protections" minWidth={460}>
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Protection</Table.Th>
              <Table.Th>Level</Table.Th>
              <Table.Th>How</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {connector.protections.map((each) => (
              <Table.Tr key={each.name}>
                <Table.Td style={{ whiteSpace: "nowrap" }}>{words(each.name.replaceAll("-", " "))}</Table.Td>
                <Table.Td>
                  <Status tone={each.level === "ENFORCED" ? "good" : "warning"}>{words(each.level)}</Status>
                </Table.Td>
                <Table.Td>{each.note}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Stack>
  );
}

function Prerequisites({ connector }: { connector: Connector }) {
  return (
    <Stack gap="sm">
      {connector.prerequisites.map((each) => (
        <div key={each.key}>
          <Group gap="xs">
            <Text size="sm" fw={600}>
              {each.title}
            </Text>
            <Badge variant="light" color={each.required ? "orange" : "gray"} tt="none">
              {each.required ? "Required" : "Advised"}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed">
            {each.description}
          </Text>
          {each.helpUrl && (
            <Anchor href={each.helpUrl} target="_blank" rel="noreferrer" size="sm" underline="always">
              Help of the vendor<span aria-hidden> ↗</span>
            </Anchor>
          )}
        </div>
      ))}
    </Stack>
  );
}
