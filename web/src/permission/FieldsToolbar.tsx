import { Chip, CloseButton, Group, Switch, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { FieldStatus } from "~/api/schema.generated";
import type { Wanted } from "./FieldsPage";
import type { PermissionFieldsQuery } from "./fields.generated";
import { fieldStatuses, fieldStatusWords } from "./words";

type Counts = NonNullable<NonNullable<PermissionFieldsQuery["integration"]>["object"]>["matchCounts"];

const countOf: Record<FieldStatus, keyof Counts> = {
  ACTIVE_STANDARDIZED: "activeStandardized",
  ACTIVE: "active",
  ERROR_STANDARDIZED: "errorStandardized",
  INACCESSIBLE: "inaccessible",
};

/** FieldsToolbar is the search and the status filter, with how many fields each would show. */
export function FieldsToolbar({
  guides,
  counts,
  wanted,
  onWant,
}: {
  guides: PermissionFieldsQuery["fieldStatuses"];
  counts: Counts;
  wanted: Wanted;
  onWant(change: Partial<Wanted>): void;
}) {
  const [text, setText] = useState(wanted.search);
  const search = useDebouncedCallback((value: string) => onWant({ search: value.trim() }), 200);
  // The address may change by itself: back, or a link.
  useEffect(() => setText((now) => (now.trim() === wanted.search ? now : wanted.search)), [wanted.search]);
  const titles = new Map<FieldStatus, string>(guides.map((guide) => [guide.status, guide.title]));
  const type = (value: string) => {
    setText(value);
    search(value);
  };
  const withInaccessible = wanted.inaccessible || wanted.statuses.includes("INACCESSIBLE");
  return (
    <Group gap="sm" align="center" role="search" aria-label="Fields">
      <TextInput
        aria-label="Search fields by name or label"
        placeholder="Search by name or label"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={text}
        maxLength={120}
        onChange={(event) => type(event.currentTarget.value)}
        rightSection={
          text && (
            <CloseButton
              size="sm"
              aria-label="Clear the search"
              onClick={() => {
                setText("");
                onWant({ search: "" });
              }}
            />
          )
        }
        style={{ flex: "1 1 240px", maxWidth: 420 }}
      />
      <Group gap={6} role="group" aria-label="Show only fields with these statuses">
        <Chip.Group
          multiple
          value={wanted.statuses}
          onChange={(value) => onWant({ statuses: fieldStatuses.filter((status) => value.includes(status)) })}
        >
          {fieldStatuses.map((status) =>
            status === "INACCESSIBLE" && !withInaccessible ? null : (
              <Chip key={status} value={status} size="sm">
                {titles.get(status) ?? fieldStatusWords[status]} {counts[countOf[status]].toLocaleString()}
              </Chip>
            ),
          )}
        </Chip.Group>
      </Group>
      <Switch
        size="sm"
        label={`Show inaccessible fields (${counts.inaccessible.toLocaleString()})`}
        checked={withInaccessible}
        onChange={(event) =>
          onWant({
            inaccessible: event.currentTarget.checked,
            statuses: wanted.statuses.filter((status) => status !== "INACCESSIBLE"),
          })
        }
      />
    </Group>
  );
}
