import { Button, Group, Menu, NativeSelect, Paper, TextInput, Title } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import type { LogLevel } from "~/api/schema.generated";
import { download } from "~/audit/download";
import { RunLog } from "./RunLog";
import type { LogFilter, LogPage } from "./useRunLog";

const levels: readonly (readonly [LogLevel, string])[] = [
  ["DEBUG", "Everything"],
  ["INFO", "Info and above"],
  ["WARN", "Warnings and errors"],
  ["ERROR", "Errors only"],
];

/** The filter of the log that the address names. */
export function logFilterOf(params: URLSearchParams): LogFilter {
  return {
    level: levels.find(([level]) => level === params.get("level"))?.[0] ?? "INFO",
    object: params.get("object") || null,
    search: params.get("search") || null,
  };
}

/** LogCard is the log of a run with its filters, which the address keeps, and its downloads. */
export function LogCard({
  runId,
  active,
  objects,
  loaded,
}: {
  runId: string;
  active: boolean;
  objects: readonly string[];
  /** The page of the log that the screen has, and by which filter. */
  loaded: { filter: LogFilter; page: LogPage };
}) {
  const [params, setParams] = useSearchParams();
  const filter = logFilterOf(params);
  const key = JSON.stringify(filter);
  const [typed, setTyped] = useState(filter.search ?? "");
  const set = (name: string, value: string) =>
    setParams(
      (old) => {
        const changed = new URLSearchParams(old);
        if (value) changed.set(name, value);
        else changed.delete(name);
        return changed;
      },
      { replace: true },
    );
  const search = useDebouncedCallback((text: string) => set("search", text.trim()), 300);
  const keep = (form: "csv" | "json") => {
    const wanted = new URLSearchParams({ level: filter.level });
    if (filter.object) wanted.set("object", filter.object);
    if (filter.search) wanted.set("search", filter.search);
    return download(`/export/runs/${runId}/log.${form}`, wanted);
  };
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="log">
      <Group justify="space-between" mb="sm">
        <Title order={2} id="log">
          Log
        </Title>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" size="xs" leftSection={<IconDownload size={14} aria-hidden />}>
              Download
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>All lines that the filter lets through</Menu.Label>
            <Menu.Item onClick={() => keep("csv")}>CSV</Menu.Item>
            <Menu.Item onClick={() => keep("json")}>JSON</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Group align="flex-end" gap="sm" mb="xs">
        <NativeSelect
          label="Level"
          value={filter.level}
          onChange={(event) => set("level", event.currentTarget.value)}
          data={levels.map(([value, label]) => ({ value, label }))}
        />
        <NativeSelect
          label="Object"
          value={filter.object ?? ""}
          onChange={(event) => set("object", event.currentTarget.value)}
          data={[{ value: "", label: "All" }, ...objects]}
        />
        <TextInput
          label="Search"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          maxLength={200}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            search(event.currentTarget.value);
          }}
        />
      </Group>
      <RunLog
        key={key}
        runId={runId}
        filter={filter}
        active={active}
        base={key === JSON.stringify(loaded.filter) ? loaded.page : null}
      />
    </Paper>
  );
}
