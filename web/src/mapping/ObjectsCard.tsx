import { Anchor, Button, Group, Paper, Table, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { Link, useLocation } from "react-router";
import { useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { WideTable } from "~/ui/WideTable";
import { count } from "~/ui/words";
import { Destroy } from "./Destroy";
import {
  MappingPublishDocument,
  type MappingPublishMutation,
  MappingUnpublishDocument,
  type MappingUnpublishMutation,
} from "./mapping.generated";
import { type IntegrationOf, type ObjectOf, requirements } from "./standard";

const pickPublish = (data: MappingPublishMutation) => data.publishObject;
const pickUnpublish = (data: MappingUnpublishMutation) => data.unpublishObject;

/** ObjectsCard lists the package's objects with how far each is. */
export function ObjectsCard({ integration, onDone }: { integration: IntegrationOf; onDone(): void }) {
  const mayEdit = useMay("CONFIGURE");
  const publish = useCommand(MappingPublishDocument, pickPublish);
  const [taking, setTaking] = useState<ObjectOf | null>(null);
  const { search } = useLocation();
  const run = async (object: ObjectOf) => {
    const { ok } = await publish.run({ integrationId: integration.id, object: object.name });
    if (!ok) return;
    notifications.show({ message: `${object.label} is published.`, closeButtonProps: { "aria-label": "Close" } });
    onDone();
  };
  return (
    <Paper withBorder component="section" aria-labelledby="objects">
      <Title order={2} id="objects" px="md" pt="md" pb="xs">
        Objects
      </Title>
      <CommandProblems outcome={publish.outcome} />
      <WideTable label="Table of objects" minWidth={620}>
        <Table verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Object</Table.Th>
              <Table.Th scope="col">State</Table.Th>
              <Table.Th scope="col">Mapped</Table.Th>
              <Table.Th scope="col">Open</Table.Th>
              <Table.Th scope="col">
                <Text span inherit>
                  Action
                </Text>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {integration.standardization.objects.map((object) => (
              <Table.Tr key={object.name}>
                <Table.Th scope="row">
                  <Anchor
                    component={Link}
                    to={`?${withObject(search, object.name)}`}
                    size="sm"
                    fw={600}
                    style={{ display: "inline-flex", alignItems: "center", minHeight: 24 }}
                  >
                    {object.label}
                  </Anchor>
                  <Text size="xs" c="dimmed" fw={400}>
                    {object.name}
                    {object.object && ` · ${requirements[object.object.requirement]}`}
                  </Text>
                </Table.Th>
                <Table.Td>
                  <ObjectStatus object={object} />
                </Table.Td>
                <Table.Td>
                  {object.mappedCount} of {object.standardFieldCount}
                </Table.Td>
                <Table.Td>
                  <Open object={object} integration={integration} />
                </Table.Td>
                <Table.Td>
                  {object.published ? (
                    <Button
                      size="xs"
                      variant="subtle"
                      color="red"
                      disabled={!mayEdit || !object.object}
                      aria-label={`Take out ${object.label}`}
                      onClick={() => setTaking(object)}
                    >
                      Take out
                    </Button>
                  ) : (
                    <Button
                      size="xs"
                      variant="default"
                      disabled={!mayEdit}
                      loading={publish.busy}
                      aria-label={`Publish ${object.label}`}
                      onClick={() => void run(object)}
                    >
                      Publish
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
      {taking && <TakeOut integration={integration} object={taking} onClose={() => setTaking(null)} onDone={onDone} />}
    </Paper>
  );
}

/** The address of an object's mappings, with what else the address says. */
export function withObject(search: string, object: string): string {
  const params = new URLSearchParams(search);
  params.set("object", object);
  return params.toString();
}

export function ObjectStatus({ object }: { object: ObjectOf }) {
  if (!object.object || object.object.status === "NOT_CHECKED") return <Status tone="unknown">Not checked yet</Status>;
  if (!object.published) return <Status tone="waiting">Not published</Status>;
  if (object.object.status !== "OK") return <Status tone="bad">Cannot be read</Status>;
  return <Status tone="good">Published</Status>;
}

function Open({ object, integration }: { object: ObjectOf; integration: IntegrationOf }) {
  const proposals = integration.mappingProposals.filter((each) => each.objectName === object.name).length;
  if (object.unmappedRequired.length === 0 && proposals === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing
      </Text>
    );
  return (
    <Group gap={6}>
      {object.unmappedRequired.length > 0 && (
        <Status tone={object.published ? "bad" : "waiting"}>
          {count(object.unmappedRequired.length, "required field")}
        </Status>
      )}
      {proposals > 0 && <Status tone="info">{count(proposals, "proposal")}</Status>}
    </Group>
  );
}

function TakeOut({
  integration,
  object,
  onClose,
  onDone,
}: {
  integration: IntegrationOf;
  object: ObjectOf;
  onClose(): void;
  onDone(): void;
}) {
  const unpublish = useCommand(MappingUnpublishDocument, pickUnpublish);
  const affected = integration.standardFields
    .filter((field) => field.object === object.name)
    .flatMap((field) => field.affected);
  return (
    <Destroy
      title={`Take ${object.label} out`}
      action="Take out"
      draft={`unpublish:${integration.id}:${object.name}`}
      affected={affected}
      command={unpublish}
      run={(reason) => unpublish.run({ integrationId: integration.id, object: object.name, reason })}
      done={`${object.label} is taken out.`}
      onClose={onClose}
      onDone={onDone}
    >
      It is not synced and its fields are not watched any more. Its alerts are resolved. Its mappings stay for later.
      {object.object?.requirement === "REQUIRED" && " The package requires this object."}
    </Destroy>
  );
}
