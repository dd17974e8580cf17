import { Alert, Anchor, Badge, Box, Drawer, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { causeWords } from "~/alert/words";
import { Fact } from "~/integration/about";
import { Guarded } from "~/integration/Guarded";
import { Ago } from "~/ui/Ago";
import { FixSteps } from "~/ui/FixSteps";
import { Lines } from "~/ui/Page";
import { Status } from "~/ui/Status";
import { ChangeTimeline } from "./ChangeTimeline";
import type {
  PermissionFieldDetailFragment,
  PermissionFieldRowFragment,
  PermissionFieldsQuery,
} from "./fields.generated";
import { NeedsTable } from "./NeedsTable";
import type { PermissionVerdictFragment } from "./permission.generated";
import { fieldStatusTone, fieldStatusWords, rightWords } from "./words";

interface Props {
  /** The CRM's name of the field; empty closes the drawer. */
  name: string;
  field: PermissionFieldDetailFragment | null;
  /** What the list knows of it while the details are on their way. */
  row: PermissionFieldRowFragment | null;
  integrationId: string;
  object: PermissionVerdictFragment;
  crm: string;
  guides: PermissionFieldsQuery["fieldStatuses"];
  checking: boolean;
  checkable: boolean;
  busy: boolean;
  onRecheck(): void;
  onOpen(name: string): void;
  onClose(): void;
}

/** FieldDrawer is all that is known about one field. */
export function FieldDrawer(props: Props) {
  const { name, field, row, object, onClose } = props;
  const known = field?.name === name ? field : null;
  const label = known?.label || row?.label || name;
  return (
    <Drawer
      opened={name !== ""}
      onClose={onClose}
      position="right"
      size={560}
      title={
        <Box component="span" style={{ overflowWrap: "anywhere" }}>
          {label}{" "}
          <Text span size="sm" c="dimmed" ff="monospace">
            {object.name}.{name}
          </Text>
        </Box>
      }
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {known ? (
        <Details {...props} field={known} />
      ) : row || (field && field.name !== name) ? (
        <Lines count={5} />
      ) : (
        <Text size="sm">
          No check has ever seen a field named “{name}” at {object.label}. It does not exist in the CRM under this name,
          or the integration user may not read it.
        </Text>
      )}
    </Drawer>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Title order={3} mb={4}>
        {title}
      </Title>
      {children}
    </section>
  );
}

function Details({
  field,
  integrationId,
  object,
  crm,
  guides,
  checking,
  checkable,
  busy,
  onRecheck,
  onOpen,
}: Props & { field: PermissionFieldDetailFragment }) {
  const title = guides.find((guide) => guide.status === field.status)?.title ?? fieldStatusWords[field.status];
  const lost = !field.rights.read;
  const entries = (field.history.edges ?? []).flatMap((edge) => (edge?.node ? [edge.node] : []));
  const timeline = `/integrations/${integrationId}/permissions?tab=timeline&object=${encodeURIComponent(object.name)}&field=${encodeURIComponent(field.name)}`;
  return (
    <Stack gap="lg">
      <Stack gap="xs">
        <Group gap="xs" justify="space-between">
          <Group gap="xs">
            <Status tone={fieldStatusTone[field.status]}>{title}</Status>
            {field.custom && (
              <Badge variant="default" tt="none" fw={500}>
                Custom
              </Badge>
            )}
          </Group>
          <Guarded
            scope="OPERATE"
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            loading={busy}
            disabled={!checkable}
            onClick={onRecheck}
          >
            Re-check this field
          </Guarded>
        </Group>
        {field.guidance && <Text size="sm">{field.guidance}</Text>}
        <Text size="xs" c="dimmed" component="div" role="status">
          <Group gap={6}>
            <span>
              Checked <Ago at={field.checkedAt} />
            </span>
            {checking && (
              <>
                <Loader size={12} aria-hidden />
                <span>Checking now</span>
              </>
            )}
          </Group>
        </Text>
        {field.stale && (
          <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title="The last check failed">
            {field.staleReason} What is shown is the verdict of the check before it.
          </Alert>
        )}
        {field.suspectedAt && (
          <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title="Access may be lost">
            It could not be read <Ago at={field.suspectedAt} />. A second check confirms or drops the suspicion.
          </Alert>
        )}
      </Stack>
      {lost && (
        <Part title="Why">
          <Text size="sm">{causeWords[field.cause ?? "UNKNOWN"]}.</Text>
          {field.evidence && (
            <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
              {field.evidence}
            </Text>
          )}
          {field.renameCandidate && (
            <Text size="sm" mt={4}>
              It may be{" "}
              <Anchor
                component="button"
                type="button"
                size="sm"
                underline="always"
                onClick={() => onOpen(field.renameCandidate)}
              >
                {field.renameCandidate}
              </Anchor>{" "}
              now.
            </Text>
          )}
        </Part>
      )}
      {field.fix && (
        <Part title="How to fix it">
          <FixSteps fix={field.fix} crm={crm} />
          {field.status === "ERROR_STANDARDIZED" && (
            <Text size="sm" mt="xs">
              If the field is gone for good or no longer needed,{" "}
              <Anchor
                component={Link}
                to={`/integrations/${integrationId}/standardization`}
                size="sm"
                underline="always"
              >
                unmap it in Standardization
              </Anchor>
              .
            </Text>
          )}
        </Part>
      )}
      <Group component="dl" gap="lg" m={0} align="flex-start">
        <Fact term="Data type">{field.dataType || "not known"}</Fact>
        <Fact term="Standard field">{field.standardField ?? "not mapped"}</Fact>
        {field.since && (
          <Fact term={lost ? "Unreadable since" : "Readable since"}>
            <Ago at={field.since} />
          </Fact>
        )}
        <Fact term="Accessed">{field.accessed ? "Yes, by each daily run" : "No"}</Fact>
        <Fact term="Monitored">{field.monitored ? "Yes, its loss is alerted" : "No"}</Fact>
        <Fact term="Can be hidden by itself">{field.hideable ? "Yes" : "No, only with its object"}</Fact>
      </Group>
      <Part title="Rights, and who needs them">
        {field.missingRights.length > 0 && (
          <Text size="sm" mb={4}>
            Something in use needs rights that are missing:{" "}
            {field.missingRights.map((right) => rightWords[right].toLowerCase()).join(", ")}.
          </Text>
        )}
        <NeedsTable given={field.rights} needs={field.neededBy} label={`Who needs which right on ${field.label}`} />
      </Part>
      <Part title="History">
        <ChangeTimeline entries={entries} none="No check has seen a change of this field." />
        {field.history.totalCount > entries.length && (
          <Anchor component={Link} to={timeline} size="sm" underline="always">
            All {field.history.totalCount.toLocaleString()} changes
          </Anchor>
        )}
      </Part>
    </Stack>
  );
}
