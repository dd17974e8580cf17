import { Button, Group, List, Loader, Modal, Paper, Select, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useCommand } from "~/api/command";
import { useScreen } from "~/api/query";
import { CommandProblems, ErrorNotice } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { words } from "~/ui/words";
import {
  MappingFieldSearchDocument,
  type MappingFieldSearchQuery,
  MappingMapDocument,
  type MappingMapMutation,
  MappingPreviewDocument,
} from "./mapping.generated";
import type { IntegrationOf, StandardField } from "./standard";

const pickMap = (data: MappingMapMutation) => data.mapField;

type Found = NonNullable<
  NonNullable<
    NonNullable<NonNullable<NonNullable<MappingFieldSearchQuery["integration"]>["object"]>["fields"]["edges"]>[number]
  >["node"]
>;

/** MapField chooses the CRM field that a standard field stands for, and shows real values of it first. */
export function MapField({
  integration,
  field,
  onClose,
  onDone,
}: {
  integration: IntegrationOf;
  field: StandardField;
  onClose(): void;
  onDone(): void;
}) {
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<Found | null>(null);
  // While a field is chosen the box holds its words; the search is about nothing then.
  const [search] = useDebouncedValue(chosen && typed === optionOf(chosen).label ? "" : typed, 250);
  const found = useScreen(MappingFieldSearchDocument, { id: integration.id, object: field.object, search });
  const map = useCommand(MappingMapDocument, pickMap);
  const fields = (found.data?.integration?.object?.fields.edges ?? []).flatMap((edge) => edge?.node ?? []);
  const offered = chosen && !fields.some((each) => each.id === chosen.id) ? [chosen, ...fields] : fields;
  const taken = chosen?.standardField && chosen.standardField !== field.key ? chosen.standardField : null;
  const takenBy = integration.standardFields.find((each) => each.key === taken);
  const run = async () => {
    if (!chosen) return;
    const { ok } = await map.run({
      integrationId: integration.id,
      standardField: field.key,
      crmField: chosen.name,
    });
    if (!ok) return;
    notifications.show({
      message: `${field.label} stands for ${chosen.name}.`,
      closeButtonProps: { "aria-label": "Close" },
    });
    onClose();
    onDone();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Map ${field.label}`}
      size="lg"
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <Text size="sm" c="dimmed">
          Holds {words(field.dataType).toLowerCase()} values.
          {field.defaultCrmField && ` Expected: ${field.defaultCrmField}.`}
        </Text>
        {found.error && <ErrorNotice error={found.error} onRetry={found.refresh} />}
        <Select
          label={`Field of ${field.object}`}
          placeholder="Type a name or a label"
          data={offered.map(optionOf)}
          filter={({ options }) => options}
          searchable
          searchValue={typed}
          onSearchChange={setTyped}
          value={chosen?.name ?? null}
          onChange={(name) => {
            map.reset();
            setChosen(offered.find((each) => each.name === name) ?? null);
          }}
          allowDeselect={false}
          nothingFoundMessage={
            found.fetching ? "Searching…" : "No field that can be read has this name. A hidden field does not show."
          }
          rightSection={found.fetching ? <Loader size="xs" aria-label="Searching" /> : undefined}
          maxDropdownHeight={260}
          data-autofocus
        />
        {taken && (
          <Text size="sm" role="alert">
            {chosen?.name} stands for {takenBy?.label ?? taken} already. A CRM field stands for one standard field:
            unmap it there first, or choose another.
          </Text>
        )}
        {chosen && <Preview integrationId={integration.id} object={field.object} crmField={chosen.name} />}
        <CommandProblems outcome={map.outcome} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={!chosen || taken !== null || chosen.name === field.mapping?.crmField}
            loading={map.busy}
            onClick={() => void run()}
          >
            Map
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function optionOf(field: Found) {
  const label = field.label && field.label !== field.name ? `${field.name} (${field.label})` : field.name;
  return { value: field.name, label: `${label} · ${field.dataType}` };
}

/** Preview reads a few real values from the CRM. They are kept nowhere. */
function Preview({ integrationId, object, crmField }: { integrationId: string; object: string; crmField: string }) {
  const preview = useScreen(MappingPreviewDocument, { id: integrationId, object, crmField });
  const told = preview.data?.mappingPreview;
  return (
    <Paper withBorder p="sm" aria-label={`Values of ${crmField}`} role="group">
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={600}>
          What it holds now
        </Text>
        {told && !preview.fetching && <Status tone="info">From the CRM, not kept</Status>}
      </Group>
      {preview.error && <ErrorNotice error={preview.error} onRetry={preview.refresh} />}
      {!told && !preview.error && (
        <Group gap="xs" role="status">
          <Loader size="xs" aria-hidden />
          <Text size="sm">Reading a few records…</Text>
        </Group>
      )}
      {told &&
        (told.values.length > 0 ? (
          <List size="sm">
            {told.values.map((value, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: values may be alike and do not move
              <List.Item key={index} style={{ overflowWrap: "anywhere" }}>
                {value}
              </List.Item>
            ))}
          </List>
        ) : (
          <Text size="sm">{told.note}</Text>
        ))}
    </Paper>
  );
}
