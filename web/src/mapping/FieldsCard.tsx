import { ActionIcon, Anchor, Badge, Button, Code, Group, Menu, Paper, Stack, Text, Title } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { useMay } from "~/app/viewer";
import { Status } from "~/ui/Status";
import { words } from "~/ui/words";
import { FieldDialog, type FieldTask } from "./FieldDialog";
import classes from "./mapping.module.css";
import { type CrmFieldOf, type IntegrationOf, origins, requirements, type StandardField, standingOf } from "./standard";

/** FieldsCard lists the standard fields of an object with what stands for each. */
export function FieldsCard({
  integration,
  object,
  defaults,
  onDone,
}: {
  integration: IntegrationOf;
  object: string;
  /** The workspace's defaults for this CRM, by standard field. */
  defaults: ReadonlyMap<string, string>;
  onDone(): void;
}) {
  const [task, setTask] = useState<{ field: StandardField; task: FieldTask } | null>(null);
  const fields = integration.standardFields.filter((field) => field.object === object);
  const crmFields = new Map(
    (integration.object?.fields.edges ?? []).flatMap((edge) =>
      edge?.node ? [[edge.node.name, edge.node] as const] : [],
    ),
  );
  return (
    <Paper withBorder component="section" aria-labelledby="fields">
      <Title order={2} id="fields" p="md" pb="sm">
        Standard fields
      </Title>
      <ul className={classes.list}>
        {fields.map((field) => (
          <FieldRow
            key={field.key}
            field={field}
            crmFields={crmFields}
            integration={integration}
            workspaceDefault={defaults.get(field.key)}
            onTask={(next) => setTask({ field, task: next })}
          />
        ))}
      </ul>
      {task && (
        <FieldDialog
          integration={integration}
          field={task.field}
          task={task.task}
          onClose={() => setTask(null)}
          onDone={onDone}
        />
      )}
    </Paper>
  );
}

function FieldRow({
  field,
  crmFields,
  integration,
  workspaceDefault,
  onTask,
}: {
  field: StandardField;
  crmFields: ReadonlyMap<string, CrmFieldOf>;
  integration: IntegrationOf;
  workspaceDefault: string | undefined;
  onTask(task: FieldTask): void;
}) {
  const mayEdit = useMay("CONFIGURE");
  const [tone, standing] = standingOf(field, crmFields);
  const mapping = field.mapping;
  const known = mapping ? crmFields.get(mapping.crmField) : undefined;
  const mayReset = field.defaultCrmField !== "" && mapping?.origin !== "AUTO" && mapping?.origin !== "DEFAULT";
  return (
    <li className={`${classes.row} ${classes.field}`} data-field={field.key}>
      <Stack gap={2}>
        <Group gap={6}>
          <Text size="sm" fw={600}>
            {field.label}
          </Text>
          <Badge size="sm" variant="light" tt="none" color={field.requirement === "REQUIRED" ? "brand" : "gray"}>
            {requirements[field.requirement]}
          </Badge>
        </Group>
        <Text size="xs" c="dimmed" className={classes.wrap ?? ""}>
          {field.key} · {words(field.dataType).toLowerCase()}
        </Text>
        {field.features.length > 0 && (
          <Text size="xs" c="dimmed">
            For {field.features.map((feature) => feature.title).join(", ")}
          </Text>
        )}
      </Stack>
      <Stack gap={4}>
        <Group gap={6}>
          <Status tone={tone}>{standing}</Status>
          {known?.stale && <Status tone="warning">Known from an older check</Status>}
        </Group>
        {mapping ? (
          <Text size="sm" component="div" className={classes.wrap ?? ""}>
            <Code>{mapping.crmField}</Code>
            {known && known.label !== mapping.crmField && ` ${known.label}`}
            {known && ` · ${known.dataType}`}
            <Text size="xs" c="dimmed">
              {origins[mapping.origin]}
            </Text>
            {known?.status === "ERROR_STANDARDIZED" && (
              <Anchor
                component={Link}
                size="sm"
                underline="always"
                className={classes.target ?? ""}
                to={`/integrations/${integration.id}/data-sync/${encodeURIComponent(field.object)}?field=${encodeURIComponent(mapping.crmField)}`}
              >
                Why, and how to get it back
              </Anchor>
            )}
          </Text>
        ) : (
          <Text size="sm" c="dimmed">
            {field.defaultCrmField ? `Expected: ${field.defaultCrmField}` : "No CRM field is expected."}
          </Text>
        )}
      </Stack>
      <Group gap={4} wrap="nowrap" className={classes.buttons ?? ""}>
        <Button
          size="xs"
          variant={mapping ? "default" : "filled"}
          disabled={!mayEdit}
          aria-label={mapping ? `Change ${field.label}` : `Map ${field.label}`}
          onClick={() => onTask("map")}
        >
          {mapping ? "Change" : "Map"}
        </Button>
        <Menu position="bottom-end" width={320} withInitialFocusPlaceholder={false}>
          <Menu.Target>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="md"
              aria-label={`More for ${field.label}`}
              disabled={!mayEdit || (!mapping && !mayReset && !workspaceDefault)}
            >
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {mapping && workspaceDefault !== mapping.crmField && (
              <Menu.Item onClick={() => onTask("default")}>
                Use {mapping.crmField} in all {integration.connector.title} integrations…
              </Menu.Item>
            )}
            {workspaceDefault && (
              <Menu.Item onClick={() => onTask("noDefault")}>Take the workspace’s default away…</Menu.Item>
            )}
            {mayReset && (
              <Menu.Item onClick={() => onTask("reset")}>Follow the default again ({field.defaultCrmField})…</Menu.Item>
            )}
            {mapping && <Menu.Item onClick={() => onTask("unmap")}>Unmap…</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      </Group>
    </li>
  );
}
