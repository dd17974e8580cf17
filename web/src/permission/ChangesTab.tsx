import { Anchor, Chip, Group, Paper, Select, Stack, Switch, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useCallback } from "react";
import { Link } from "react-router";
import { useClient } from "urql";
import { useScreen } from "~/api/query";
import type { PermissionChangeFilterInput } from "~/api/schema.generated";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Loaded } from "~/ui/Page";
import { Status } from "~/ui/Status";
import { count } from "~/ui/words";
import classes from "./ChangesTab.module.css";
import {
  PermissionChangesAfterDocument,
  PermissionChangesTabDocument,
  type PermissionChangesTabQuery,
} from "./history.generated";
import { NoSuchIntegration } from "./NoSuchIntegration";
import { OlderButton } from "./OlderButton";
import type { PermissionEntryFragment } from "./permission.generated";
import { put, putAll, useAddress } from "./useAddress";
import { useMore } from "./useMore";
import { changeTone, changeTypes, changeWords, whyChanged } from "./words";

type Shown = NonNullable<PermissionChangesTabQuery["integration"]>;

/** What of the history the address asks for. */
function filterOf(params: URLSearchParams): PermissionChangeFilterInput {
  const named = params.getAll("change");
  const changes = changeTypes.filter((type) => named.includes(type));
  const object = params.get("object");
  return {
    changes: changes.length > 0 ? changes : null,
    objects: object ? [object] : null,
    standardizedOnly: params.has("standardized"),
  };
}

/** ChangesTab is what checks saw change, newest first. */
export function ChangesTab({ integrationId }: { integrationId: string }) {
  const [params, set] = useAddress();
  const filter = filterOf(params);
  const screen = useScreen(
    PermissionChangesTabDocument,
    { id: integrationId, filter },
    { kinds: ["permission"], integrationId },
  );
  return (
    <Loaded screen={screen}>
      {({ integration }) =>
        integration ? (
          <Stack gap="sm">
            <Filter integration={integration} filter={filter} onSet={set} />
            <Changes integration={integration} filter={filter} />
          </Stack>
        ) : (
          <NoSuchIntegration />
        )
      }
    </Loaded>
  );
}

function Filter({
  integration,
  filter,
  onSet,
}: {
  integration: Shown;
  filter: PermissionChangeFilterInput;
  onSet(change: (next: URLSearchParams) => void): void;
}) {
  const objects = (integration.objects.edges ?? []).flatMap((edge) => (edge?.node ? [edge.node] : []));
  return (
    <Group gap="sm" role="search" aria-label="Changes">
      <Select
        aria-label="Object"
        placeholder="All objects"
        clearable
        searchable
        clearButtonProps={{ "aria-label": "All objects" }}
        data={objects.map(({ name, label }) => ({ value: name, label: label === name ? name : `${label} (${name})` }))}
        value={filter.objects?.[0] ?? null}
        onChange={(value) => onSet((next) => put(next, "object", value ?? ""))}
        w={220}
      />
      <Group gap={6} role="group" aria-label="Show only these changes">
        <Chip.Group
          multiple
          value={filter.changes ?? []}
          onChange={(value) =>
            onSet((next) =>
              putAll(
                next,
                "change",
                changeTypes.filter((type) => value.includes(type)),
              ),
            )
          }
        >
          {changeTypes.map((type) => (
            <Chip key={type} value={type} size="sm">
              {changeWords[type]}
            </Chip>
          ))}
        </Chip.Group>
      </Group>
      <Switch
        size="sm"
        label="Only objects and standardized fields"
        checked={filter.standardizedOnly ?? false}
        onChange={(event) => {
          const { checked } = event.currentTarget;
          onSet((next) => put(next, "standardized", checked ? "1" : ""));
        }}
      />
    </Group>
  );
}

function Changes({ integration, filter }: { integration: Shown; filter: PermissionChangeFilterInput }) {
  const client = useClient();
  const key = JSON.stringify([integration.id, filter]);
  const ask = useCallback(
    async (after: string) => {
      const [id, of] = JSON.parse(key) as [string, PermissionChangeFilterInput];
      const { data } = await client.query(PermissionChangesAfterDocument, { id, filter: of, after });
      return data?.integration?.permissionChanges;
    },
    [client, key],
  );
  const list = useMore(key, integration.permissionChanges, ask);
  if (list.total === 0) {
    const narrowed = filter.changes || filter.objects || filter.standardizedOnly;
    return (
      <Empty icon={IconHistory} title={narrowed ? "No change matches" : "No check has seen a change yet"}>
        {narrowed
          ? "Choose fewer filters above to see more."
          : "The first check is what all later ones are compared with. What differs then is listed here."}
      </Empty>
    );
  }
  return (
    <>
      <Text size="sm" c="dimmed" role="status">
        {count(list.total, "change")}
      </Text>
      <Paper withBorder component="ul" className={classes.list}>
        {list.nodes.map((entry) => (
          <Change key={entry.id} entry={entry} integrationId={integration.id} />
        ))}
      </Paper>
      <OlderButton list={list} what="changes" />
    </>
  );
}

function Change({ entry, integrationId }: { entry: PermissionEntryFragment; integrationId: string }) {
  const { objectName, fieldName } = entry;
  const path = `/integrations/${integrationId}/data-sync/${encodeURIComponent(objectName)}`;
  return (
    <li className={classes.item}>
      <Status tone={changeTone[entry.change]}>{changeWords[entry.change]}</Status>
      <div className={classes.what}>
        <Anchor
          component={Link}
          to={fieldName ? `${path}?field=${encodeURIComponent(fieldName)}` : path}
          size="sm"
          fw={550}
          style={{ overflowWrap: "anywhere" }}
        >
          {fieldName ? `${objectName}.${fieldName}` : objectName}
        </Anchor>
        {entry.standardized && (
          <Text span size="xs" c="dimmed">
            {" "}
            standardized
          </Text>
        )}
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {whyChanged(entry)}
        </Text>
      </div>
      <Text size="xs" c="dimmed" className={classes.when ?? ""}>
        <Ago at={entry.createdAt} />
      </Text>
    </li>
  );
}
