import {
  ActionIcon,
  Alert,
  Anchor,
  Badge,
  Button,
  Collapse,
  Divider,
  Group,
  Paper,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertTriangle, IconChevronDown, IconChevronUp, IconListSearch, IconRefresh } from "@tabler/icons-react";
import { useId } from "react";
import { Link } from "react-router";
import { causeWords } from "~/alert/words";
import type { FieldStatus } from "~/api/schema.generated";
import { Guarded } from "~/integration/Guarded";
import { Ago } from "~/ui/Ago";
import { FixSteps } from "~/ui/FixSteps";
import { Status } from "~/ui/Status";
import { NeedsTable } from "./NeedsTable";
import classes from "./ObjectRow.module.css";
import type { PermissionVerdictFragment } from "./permission.generated";
import { RightMarks } from "./RightMarks";
import { objectStatusTone, objectStatusWords, requirementWords, rightWords } from "./words";

interface Props {
  object: PermissionVerdictFragment;
  crm: string;
  integrationId: string;
  busy: boolean;
  checkable: boolean;
  onRecheck(): void;
}

/** ObjectRow is one object of the package: its verdict in a line, and what explains it below. */
export function ObjectRow({ object, crm, integrationId, busy, checkable, onRecheck }: Props) {
  const denied = object.status === "PERMISSION_MISSING" || object.status === "NOT_FOUND";
  const [opened, { toggle }] = useDisclosure(denied);
  const details = useId();
  const fieldsPath = `/integrations/${integrationId}/data-sync/${encodeURIComponent(object.name)}`;
  return (
    <Paper withBorder p="md" component="article" aria-label={object.label}>
      <div className={classes.line}>
        <div className={classes.name}>
          <Title order={2} size="h3">
            <Anchor component={Link} to={fieldsPath} inherit>
              {object.label}
            </Anchor>
          </Title>
          <Group gap={8}>
            <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: "anywhere" }}>
              {object.name}
            </Text>
            <Badge size="sm" variant="default" tt="none" fw={500}>
              {requirementWords[object.requirement]}
            </Badge>
            {!object.published && (
              <Badge size="sm" variant="light" color="orange" tt="none" fw={500}>
                Unpublished
              </Badge>
            )}
          </Group>
        </div>
        <div>
          <Status tone={objectStatusTone[object.status]}>{objectStatusWords[object.status]}</Status>
          {object.since && (
            <Text size="xs" c="dimmed" mt={4}>
              since <Ago at={object.since} />
            </Text>
          )}
        </div>
        <div>
          <RightMarks given={object.rights} missing={object.missingRights} />
          <FieldCounts object={object} path={fieldsPath} />
        </div>
        <Text size="xs" c="dimmed" component="div">
          {object.checkedAt ? (
            <>
              Checked <Ago at={object.checkedAt} />
            </>
          ) : (
            "Never checked"
          )}
          {object.stale && (
            <Text span size="xs" fw={600} c="var(--mantine-color-orange-light-color)" display="block">
              Last check failed
            </Text>
          )}
          <span style={{ display: "block" }}>
            {object.syncPhase === "ONBOARDING" ? "Reading all history" : "Read daily"}
          </span>
        </Text>
        <Group gap={6} wrap="nowrap" className={classes.actions ?? ""}>
          <Button
            component={Link}
            to={fieldsPath}
            size="xs"
            variant="light"
            leftSection={<IconListSearch size={14} aria-hidden />}
            aria-label={`Fields of ${object.label}`}
          >
            Fields
          </Button>
          <Guarded
            scope="OPERATE"
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            loading={busy}
            disabled={!checkable}
            aria-label={`Re-check ${object.label}`}
            onClick={onRecheck}
          >
            Re-check
          </Guarded>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Details of ${object.label}`}
            aria-expanded={opened}
            aria-controls={details}
            onClick={toggle}
          >
            {opened ? <IconChevronUp size={18} aria-hidden /> : <IconChevronDown size={18} aria-hidden />}
          </ActionIcon>
        </Group>
      </div>
      <Collapse expanded={opened} id={details}>
        <Divider my="sm" />
        <Details object={object} crm={crm} denied={denied} />
      </Collapse>
    </Paper>
  );
}

const counted: readonly (readonly [FieldStatus, "activeStandardized" | "active" | "errorStandardized", string])[] = [
  ["ACTIVE_STANDARDIZED", "activeStandardized", "standardized"],
  ["ACTIVE", "active", "active"],
  ["ERROR_STANDARDIZED", "errorStandardized", "in error"],
];

function FieldCounts({ object, path }: { object: PermissionVerdictFragment; path: string }) {
  return (
    <Group gap={10} mt={4}>
      {counted.map(([status, key, word]) => {
        const n = object.fieldCounts[key];
        if (n === 0 && status !== "ACTIVE_STANDARDIZED") return null;
        return (
          <Anchor
            key={status}
            component={Link}
            to={`${path}?status=${status}`}
            size="xs"
            lh="24px"
            {...(status === "ERROR_STANDARDIZED" ? { c: "var(--mantine-color-red-light-color)", fw: 650 } : {})}
          >
            {n.toLocaleString()} {word}
          </Anchor>
        );
      })}
    </Group>
  );
}

function Details({ object, crm, denied }: { object: PermissionVerdictFragment; crm: string; denied: boolean }) {
  return (
    <div className={classes.details}>
      <Stack gap="sm">
        {object.stale && (
          <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title="The last check failed">
            {object.staleReason} What is shown is the verdict of the check before it.
          </Alert>
        )}
        {object.suspectedAt && (
          <Text size="sm">
            It could not be read <Ago at={object.suspectedAt} />. A second check confirms or drops the suspicion.
          </Text>
        )}
        {denied ? (
          <>
            <div>
              <Title order={3} size="h4">
                Why
              </Title>
              <Text size="sm">{causeWords[object.cause ?? "UNKNOWN"]}.</Text>
              {object.evidence && (
                <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                  {object.evidence}
                </Text>
              )}
            </div>
            {object.fix && (
              <div>
                <Title order={3} size="h4" mb={4}>
                  How to fix it
                </Title>
                <FixSteps fix={object.fix} crm={crm} />
              </div>
            )}
          </>
        ) : (
          <>
            {object.missingRights.length > 0 && (
              <Text size="sm">
                Something in use needs rights that are missing:{" "}
                {object.missingRights.map((right) => rightWords[right].toLowerCase()).join(", ")}.
              </Text>
            )}
            <Text size="sm">
              {object.status === "NOT_CHECKED"
                ? "No check has answered for this object yet."
                : object.recordAccess === "PARTIAL"
                  ? "Only some of its records can be read. The others are missing from what is synced, without an error."
                  : object.recordAccess === "ALL"
                    ? "All of its records can be read."
                    : `${crm} does not tell whether all of its records can be read.`}{" "}
              {object.recordAccessNote}
            </Text>
            {!object.published && (
              <Text size="sm" c="dimmed">
                It is unpublished: it is neither standardized nor synced, and its loss is not alerted.
              </Text>
            )}
          </>
        )}
      </Stack>
      <div>
        <Title order={3} size="h4">
          Needed by
        </Title>
        <NeedsTable given={object.rights} needs={object.neededBy} label={`Who needs which right on ${object.label}`} />
      </div>
    </div>
  );
}
