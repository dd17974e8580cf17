import { Button, Group, Paper, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconTimeline } from "@tabler/icons-react";
import { type FormEvent, useCallback, useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import { useClient } from "urql";
import { useScreen } from "~/api/query";
import { Empty } from "~/ui/Empty";
import { Loaded } from "~/ui/Page";
import { count } from "~/ui/words";
import { ChangeTimeline } from "./ChangeTimeline";
import {
  type PermissionEntriesFragment,
  PermissionTimelineAfterDocument,
  PermissionTimelineTabDocument,
} from "./history.generated";
import { NoSuchIntegration } from "./NoSuchIntegration";
import { OlderButton } from "./OlderButton";
import { useMore } from "./useMore";

/** TimelineTab is the history of one object with its fields, or of one field. */
export function TimelineTab({ integrationId }: { integrationId: string }) {
  const [params, setParams] = useSearchParams();
  const object = params.get("object") ?? "";
  const field = params.get("field") ?? "";
  const screen = useScreen(
    PermissionTimelineTabDocument,
    { id: integrationId, object, field: field || null, chosen: object !== "" },
    { kinds: ["permission"], integrationId },
  );
  const choose = (nextObject: string, nextField: string) =>
    setParams({
      tab: "timeline",
      ...(nextObject ? { object: nextObject } : {}),
      ...(nextObject && nextField ? { field: nextField } : {}),
    });
  return (
    <Loaded screen={screen}>
      {({ integration, permissionTimeline }) => {
        if (!integration) return <NoSuchIntegration />;
        const objects = (integration.objects.edges ?? []).flatMap((edge) => (edge?.node ? [edge.node] : []));
        return (
          <Stack gap="md">
            <Group gap="sm" align="flex-end">
              <Select
                label="Object"
                placeholder="Choose an object"
                searchable
                data={objects.map(({ name, label }) => ({
                  value: name,
                  label: label === name ? name : `${label} (${name})`,
                }))}
                value={object || null}
                onChange={(value) => choose(value ?? "", "")}
                w={240}
              />
              <FieldInput field={field} disabled={object === ""} onSet={(name) => choose(object, name)} />
            </Group>
            {object === "" ? (
              <Empty icon={IconTimeline} title="Choose an object">
                You see all that checks saw of it and its fields, newest first. Name a field to see only that one.
              </Empty>
            ) : (
              permissionTimeline && (
                <Entries integrationId={integrationId} object={object} field={field} first={permissionTimeline} />
              )
            )}
          </Stack>
        );
      }}
    </Loaded>
  );
}

function FieldInput({ field, disabled, onSet }: { field: string; disabled: boolean; onSet(name: string): void }) {
  const [text, setText] = useState(field);
  useEffect(() => setText(field), [field]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSet(text.trim());
  };
  return (
    <form onSubmit={submit}>
      <Group gap="xs" align="flex-end">
        <TextInput
          label="Field"
          placeholder="All fields"
          value={text}
          maxLength={255}
          disabled={disabled}
          onChange={(event) => setText(event.currentTarget.value)}
          w={200}
        />
        <Button type="submit" variant="default" disabled={disabled || text.trim() === field}>
          Show
        </Button>
      </Group>
    </form>
  );
}

function Entries({
  integrationId,
  object,
  field,
  first,
}: {
  integrationId: string;
  object: string;
  field: string;
  first: PermissionEntriesFragment;
}) {
  const client = useClient();
  const ask = useCallback(
    async (after: string) => {
      const { data } = await client.query(PermissionTimelineAfterDocument, {
        id: integrationId,
        object,
        field: field || null,
        after,
      });
      return data?.permissionTimeline;
    },
    [client, integrationId, object, field],
  );
  const list = useMore(JSON.stringify([integrationId, object, field]), first, ask);
  const subject = field ? `${object}.${field}` : object;
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Text size="sm" c="dimmed" role="status">
          {count(list.total, "change")} of {subject}
        </Text>
        <ChangeTimeline
          entries={list.nodes}
          withField={field === ""}
          none={`No check has seen a change of ${subject}.`}
        />
        <OlderButton list={list} what="changes" />
      </Stack>
    </Paper>
  );
}
