import { Chip, Group, Stack, Text } from "@mantine/core";
import { IconDatabase, IconFilterOff, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import type { ObjectStatus } from "~/api/schema.generated";
import { nameOf } from "~/integration/about";
import { Guarded } from "~/integration/Guarded";
import { NoIntegration } from "~/integration/NoIntegration";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { CommandProblems } from "~/ui/Notice";
import { Lines, Loaded, Page } from "~/ui/Page";
import { HealthCard } from "./HealthCard";
import { ObjectRow } from "./ObjectRow";
import { PermissionObjectsDocument, type PermissionObjectsQuery } from "./objects.generated";
import { useRecheckObjects } from "./useRecheck";
import { objectStatuses, objectStatusWords } from "./words";

type Shown = NonNullable<PermissionObjectsQuery["integration"]>;

/** The Data Sync page: the objects of the package, and whether they can be read. */
export function Component() {
  const { integrationId = "" } = useParams();
  const screen = useScreen(
    PermissionObjectsDocument,
    { id: integrationId },
    { kinds: ["permission", "check", "mapping", "run", "integration", "settings"], integrationId },
  );
  return (
    <Loaded
      screen={screen}
      skeleton={
        <Page title="Data Sync">
          <Lines count={7} />
        </Page>
      }
    >
      {({ integration }) => (integration ? <Objects integration={integration} /> : <NoIntegration />)}
    </Loaded>
  );
}

function Objects({ integration }: { integration: Shown }) {
  const command = useRecheckObjects(integration.id);
  // The CRM name of the object that is being checked; empty is all of them.
  const [checking, setChecking] = useState<string | null>(null);
  const objects = (integration.objects.edges ?? []).flatMap((edge) => (edge?.node ? [edge.node] : []));
  const recheck = async (of: readonly { name: string; label: string }[]) => {
    setChecking(of[0]?.name ?? "");
    await command.recheck(of);
    setChecking(null);
  };
  const checkable = integration.state === "ACTIVE" || integration.state === "ONBOARDING";
  return (
    <Page
      title="Data Sync"
      above={[
        ["Integrations", "/"],
        [nameOf(integration), `/integrations/${integration.id}`],
      ]}
      lead={
        <>
          What the integration user may do with each object of your package. A fix of an object in{" "}
          {integration.connector.title} shows after the next daily run
          {integration.nextRunAt && (
            <>
              {" "}
              (<Ago at={integration.nextRunAt} />)
            </>
          )}
          , or as soon as you re-check it. A fix of a field shows at once when you open the object’s fields.
        </>
      }
      actions={
        objects.length > 0 && (
          <Guarded
            scope="OPERATE"
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={checking === ""}
            disabled={!checkable}
            onClick={() => void recheck([])}
          >
            Re-check all
          </Guarded>
        )
      }
    >
      <CommandProblems outcome={command.outcome} />
      {!checkable && objects.length > 0 && (
        <Text size="sm" c="dimmed">
          Nothing is checked while the integration is not active: what you see is the last known state.
        </Text>
      )}
      {objects.length === 0 ? (
        <Empty icon={IconDatabase} title="No object has been checked yet">
          The objects of your package appear here as soon as somebody has signed in to {integration.connector.title}.
        </Empty>
      ) : (
        <>
          <Listed
            objects={objects}
            crm={integration.connector.title}
            integrationId={integration.id}
            checking={checking}
            checkable={checkable}
            onRecheck={(object) => void recheck([object])}
          />
          <HealthCard days={integration.permissionHealth} />
        </>
      )}
    </Page>
  );
}

function Listed({
  objects,
  crm,
  integrationId,
  checking,
  checkable,
  onRecheck,
}: {
  objects: readonly NonNullable<NonNullable<NonNullable<Shown["objects"]["edges"]>[number]>["node"]>[];
  crm: string;
  integrationId: string;
  checking: string | null;
  checkable: boolean;
  onRecheck(object: { name: string; label: string }): void;
}) {
  const [search, setSearch] = useSearchParams();
  const chosen = objectStatuses.find((status) => status === search.get("status")) ?? null;
  const shown = objects.filter((object) => chosen === null || object.status === chosen);
  const choose = (status: ObjectStatus | "") => {
    setSearch(
      (before) => {
        if (status === "") before.delete("status");
        else before.set("status", status);
        return before;
      },
      { replace: true },
    );
  };
  return (
    <Stack gap="sm">
      <Group gap="xs" role="group" aria-label="Show objects by status">
        <Chip.Group value={chosen ?? ""} onChange={(value) => choose(value as ObjectStatus | "")}>
          <Chip value="" size="sm">
            All {objects.length}
          </Chip>
          {objectStatuses.map((status) => {
            const many = objects.filter((object) => object.status === status).length;
            return many === 0 && chosen !== status ? null : (
              <Chip key={status} value={status} size="sm">
                {objectStatusWords[status]} {many}
              </Chip>
            );
          })}
        </Chip.Group>
      </Group>
      {shown.length === 0 && (
        <Empty icon={IconFilterOff} title="No object has this status">
          Choose another status above to see the other objects.
        </Empty>
      )}
      {shown.map((object) => (
        <ObjectRow
          key={object.id}
          object={object}
          crm={crm}
          integrationId={integrationId}
          busy={checking === "" || checking === object.name}
          checkable={checkable}
          onRecheck={() => onRecheck(object)}
        />
      ))}
    </Stack>
  );
}
