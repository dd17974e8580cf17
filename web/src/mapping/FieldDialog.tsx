import { Code, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useCommand } from "~/api/command";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { count } from "~/ui/words";
import { Destroy } from "./Destroy";
import { MapField } from "./MapField";
import {
  MappingResetDocument,
  type MappingResetMutation,
  MappingSetDefaultDocument,
  type MappingSetDefaultMutation,
  MappingUnmapDocument,
  type MappingUnmapMutation,
} from "./mapping.generated";
import type { IntegrationOf, StandardField } from "./standard";

/** What is to be done with a standard field. */
export type FieldTask = "map" | "unmap" | "reset" | "default" | "noDefault";

interface Props {
  integration: IntegrationOf;
  field: StandardField;
  onClose(): void;
  onDone(): void;
}

export function FieldDialog({ task, ...props }: Props & { task: FieldTask }) {
  switch (task) {
    case "map":
      return <MapField {...props} />;
    case "unmap":
      return <Unmap {...props} />;
    case "reset":
      return <Reset {...props} />;
    case "default":
      return <SetDefault {...props} crmField={props.field.mapping?.crmField ?? null} />;
    case "noDefault":
      return <SetDefault {...props} crmField={null} />;
  }
}

const pickUnmap = (data: MappingUnmapMutation) => data.unmapField;
const pickReset = (data: MappingResetMutation) => data.resetMapping;
const pickDefault = (data: MappingSetDefaultMutation) => data.setMappingDefault;

function tell(message: string) {
  notifications.show({ message, closeButtonProps: { "aria-label": "Close" } });
}

function Unmap({ integration, field, onClose, onDone }: Props) {
  const unmap = useCommand(MappingUnmapDocument, pickUnmap);
  return (
    <Destroy
      title={`Unmap ${field.label}`}
      action="Unmap"
      draft={`unmap:${integration.id}:${field.key}`}
      affected={field.affected}
      command={unmap}
      run={(reason) => unmap.run({ integrationId: integration.id, standardField: field.key, reason })}
      done={`${field.label} is unmapped.`}
      onClose={onClose}
      onDone={onDone}
    >
      {field.mapping?.crmField} is not watched any more, its error is cleared and its alert resolved.
      {field.requirement === "REQUIRED" &&
        " The package requires this field: an alert stays open until something is mapped again."}
    </Destroy>
  );
}

function Reset({ integration, field, onClose, onDone }: Props) {
  const reset = useCommand(MappingResetDocument, pickReset);
  const run = async () => {
    const { ok, payload } = await reset.run({ integrationId: integration.id, standardField: field.key });
    if (!ok) return;
    tell(payload?.mapping ? `${field.label} stands for ${payload.mapping.crmField}.` : `${field.label} is not mapped.`);
    onClose();
    onDone();
  };
  return (
    <Confirm
      opened
      title={`Follow the default again: ${field.label}`}
      action="Follow the default"
      danger={false}
      busy={reset.busy}
      onConfirm={() => void run()}
      onCancel={onClose}
    >
      <Text size="sm">
        It stands for <Code>{field.defaultCrmField}</Code>, and follows when the workspace’s default changes. A mapping
        for which nothing better can be read keeps its field.
      </Text>
      <CommandProblems outcome={reset.outcome} />
    </Confirm>
  );
}

function SetDefault({ integration, field, crmField, onClose, onDone }: Props & { crmField: string | null }) {
  const set = useCommand(MappingSetDefaultDocument, pickDefault);
  const crm = integration.connector.title;
  const run = async () => {
    const { ok, payload } = await set.run({
      connector: integration.connector.name,
      standardField: field.key,
      crmField,
    });
    if (!ok) return;
    tell(`${count(payload?.integrations?.length ?? 0, "integration")} changed.`);
    onClose();
    onDone();
  };
  return (
    <Confirm
      opened
      title={crmField ? `Use ${crmField} in all ${crm} integrations` : "Take the workspace’s default away"}
      action={crmField ? "Make it the default" : "Take it away"}
      danger={false}
      busy={set.busy}
      onConfirm={() => void run()}
      onCancel={onClose}
    >
      <Stack gap="xs">
        <Text size="sm">
          {crmField ? (
            <>
              {field.label} stands for <Code>{crmField}</Code> in all {crm} integrations of the workspace, where that
              field can be read and is free.
            </>
          ) : (
            <>Mappings that followed the default go back to what the package expects.</>
          )}
        </Text>
        <Text size="sm">What an admin mapped or unmapped by hand stays as it is.</Text>
      </Stack>
      <CommandProblems outcome={set.outcome} />
    </Confirm>
  );
}
