import { Group, Loader, Stack, Text } from "@mantine/core";
import { IconFilterOff, IconListSearch, IconRefresh } from "@tabler/icons-react";
import { useCallback } from "react";
import { useParams } from "react-router";
import { useScreen } from "~/api/query";
import type { FieldStatus } from "~/api/schema.generated";
import { nameOf } from "~/integration/about";
import { Guarded } from "~/integration/Guarded";
import { NoIntegration } from "~/integration/NoIntegration";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { CommandProblems } from "~/ui/Notice";
import { Lines, Loaded, Page } from "~/ui/Page";
import { count } from "~/ui/words";
import { EmptySearch } from "./EmptySearch";
import { FieldDrawer } from "./FieldDrawer";
import { FieldsTable } from "./FieldsTable";
import { FieldsToolbar } from "./FieldsToolbar";
import { PermissionFieldsDocument, type PermissionFieldsQuery } from "./fields.generated";
import { Legend } from "./Legend";
import { ObjectNotice } from "./ObjectNotice";
import { put, putAll, useAddress } from "./useAddress";
import { useChecking } from "./useChecking";
import { type FieldList, useFieldPages } from "./useFieldPages";
import { useRecheckFields } from "./useRecheck";
import { fieldStatuses } from "./words";

type Shown = NonNullable<PermissionFieldsQuery["integration"]>;
type ShownObject = NonNullable<Shown["object"]>;

/** What of the list the address asks for. */
export interface Wanted {
  search: string;
  statuses: FieldStatus[];
  inaccessible: boolean;
  /** The field whose details are open. */
  field: string;
}

function useWanted(): [Wanted, (change: Partial<Wanted>, replace?: boolean) => void] {
  const [params, address] = useAddress();
  const named = params.getAll("status");
  const wanted = {
    search: params.get("search") ?? "",
    statuses: fieldStatuses.filter((status) => named.includes(status)),
    inaccessible: params.has("inaccessible"),
    field: params.get("field") ?? "",
  };
  const set = useCallback(
    (change: Partial<Wanted>, replace = true) =>
      address((next) => {
        if (change.search !== undefined) put(next, "search", change.search);
        if (change.field !== undefined) put(next, "field", change.field);
        if (change.inaccessible !== undefined) put(next, "inaccessible", change.inaccessible ? "1" : "");
        if (change.statuses !== undefined) putAll(next, "status", change.statuses);
      }, replace),
    [address],
  );
  return [wanted, set];
}

/** The Fields toolbar: what the integration user may do with each field of one object. */
export function Component() {
  const { integrationId = "", objectName = "" } = useParams();
  const [wanted, setWanted] = useWanted();
  const list: FieldList = {
    id: integrationId,
    object: objectName,
    search: wanted.search,
    statuses: wanted.statuses.length > 0 ? wanted.statuses : null,
    inaccessible: wanted.inaccessible || wanted.statuses.includes("INACCESSIBLE"),
  };
  const screen = useScreen(
    PermissionFieldsDocument,
    { ...list, field: wanted.field, withField: wanted.field !== "" },
    { kinds: ["permission", "check", "mapping", "settings", "integration"], integrationId },
  );
  const integration = screen.data?.integration;
  const checking = useChecking(integration?.object, integration?.state, screen.data?.serverInfo.now ?? "", screen.data);
  return (
    <Loaded
      screen={screen}
      skeleton={
        <Page title={objectName}>
          <Lines count={9} />
        </Page>
      }
    >
      {(data) => {
        if (!data.integration) return <NoIntegration />;
        const { object } = data.integration;
        if (!object) return <NoObject integration={data.integration} name={objectName} />;
        return (
          <Fields
            // Another object is another page.
            key={object.id}
            integration={data.integration}
            object={object}
            guides={data.fieldStatuses}
            list={list}
            wanted={wanted}
            onWant={setWanted}
            checking={checking}
            onChecked={screen.refresh}
          />
        );
      }}
    </Loaded>
  );
}

function aboveOf(integration: Shown): [string, string][] {
  const path = `/integrations/${integration.id}`;
  return [
    ["Integrations", "/"],
    [nameOf(integration), path],
    ["Data Sync", `${path}/data-sync`],
  ];
}

function Fields({
  integration,
  object,
  guides,
  list,
  wanted,
  onWant,
  checking,
  onChecked,
}: {
  integration: Shown;
  object: ShownObject;
  guides: PermissionFieldsQuery["fieldStatuses"];
  list: FieldList;
  wanted: Wanted;
  onWant(change: Partial<Wanted>, replace?: boolean): void;
  checking: boolean;
  onChecked(): void;
}) {
  const command = useRecheckFields(integration.id, object.name);
  const pages = useFieldPages(list, object.fields);
  const checkable = integration.state === "ACTIVE" || integration.state === "ONBOARDING";
  const recheck = async (fields: readonly string[]) => {
    if (await command.recheck(fields)) onChecked();
  };
  const open = useCallback((name: string) => onWant({ field: name }, false), [onWant]);
  const { emptySearch } = object;
  return (
    <Page
      title={`Fields of ${object.label}`}
      above={aboveOf(integration)}
      lead={<Checked object={object} crm={integration.connector.title} checking={checking} checkable={checkable} />}
      actions={
        <Guarded
          scope="OPERATE"
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          loading={command.busy}
          disabled={!checkable}
          onClick={() => void recheck([])}
        >
          Re-check now
        </Guarded>
      }
    >
      <CommandProblems outcome={command.outcome} />
      <ObjectNotice object={object} crm={integration.connector.title} />
      <Legend guides={guides} />
      <Stack gap="sm">
        <FieldsToolbar guides={guides} counts={object.matchCounts} wanted={wanted} onWant={onWant} />
        <Text size="sm" c="dimmed" role="status">
          {count(pages.total, "field")}
          {wanted.search && ` with “${wanted.search}” in the name or label`}
        </Text>
        {pages.total > 0 ? (
          <FieldsTable
            // Another list begins at its beginning.
            key={JSON.stringify(list)}
            pages={pages}
            label={`Fields of ${object.label}`}
            opened={wanted.field}
            onOpen={open}
          />
        ) : emptySearch && wanted.search ? (
          <EmptySearch empty={emptySearch} onShowInaccessible={() => onWant({ inaccessible: true, statuses: [] })} />
        ) : (
          <Empty icon={IconFilterOff} title="No field has this status">
            {wanted.statuses.length > 0
              ? "Choose another status above to see the other fields."
              : "The fields appear here as soon as a check has answered."}
          </Empty>
        )}
      </Stack>
      <FieldDrawer
        name={wanted.field}
        field={object.field ?? null}
        row={pages.fields.find((each) => each.name === wanted.field) ?? null}
        integrationId={integration.id}
        object={object}
        crm={integration.connector.title}
        guides={guides}
        checking={checking}
        checkable={checkable}
        busy={command.busy}
        onRecheck={() => void recheck([wanted.field])}
        onOpen={open}
        onClose={() => onWant({ field: "" })}
      />
    </Page>
  );
}

/** When the CRM was asked last, and whether it is being asked. */
function Checked({
  object,
  crm,
  checking,
  checkable,
}: {
  object: ShownObject;
  crm: string;
  checking: boolean;
  checkable: boolean;
}) {
  return (
    <Group gap="xs" role="status">
      <span>
        {object.checkedAt ? (
          <>
            {crm} answered <Ago at={object.checkedAt} />.
          </>
        ) : (
          `${crm} has not answered for this object yet.`
        )}
        {!checkable && " Nothing is checked while the integration is not active."}
      </span>
      {checking && (
        <Group gap={6} component="span" display="inline-flex">
          <Loader size={14} aria-hidden />
          Checking now, since you opened it. What changed shows by itself.
        </Group>
      )}
    </Group>
  );
}

function NoObject({ integration, name }: { integration: Shown; name: string }) {
  return (
    <Page title={name} above={aboveOf(integration)}>
      <Empty icon={IconListSearch} title={`The package has no object named ${name}`}>
        The objects of the package are listed under Data Sync.
      </Empty>
    </Page>
  );
}
