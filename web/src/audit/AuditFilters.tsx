import { Button, Group, NativeSelect, TagsInput, TextInput } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { AuditOutcome } from "~/api/schema.generated";
import { type AuditView, fromLocal, outcomes, toLocal } from "./view";

/** AuditFilters choose entries; the address keeps what is chosen. */
export function AuditFilters({
  view,
  change,
  known,
}: {
  view: AuditView;
  change(changes: Partial<AuditView>): void;
  /** Actions to propose: those of the entries that are shown. */
  known: readonly string[];
}) {
  const narrowed =
    view.actor || view.target || view.via || view.since || view.until || view.actions.length + view.outcomes.length > 0;
  return (
    <Group align="flex-end" gap="sm" role="search" aria-label="Audit log">
      <Typed label="Actor's id" value={view.actor} onChange={(actor) => change({ actor })} />
      <Typed label="Target's id" value={view.target} onChange={(target) => change({ target })} />
      <TagsInput
        label="Actions"
        placeholder={view.actions.length === 0 ? "Any" : ""}
        value={view.actions}
        data={[...new Set([...known, ...view.actions])].sort()}
        onChange={(actions) => change({ actions })}
        miw={200}
        maw={380}
      />
      <NativeSelect
        label="Outcome"
        value={view.outcomes.length === 1 ? view.outcomes[0] : view.outcomes.length > 1 ? "several" : ""}
        onChange={(event) => {
          const outcome = event.currentTarget.value;
          change({ outcomes: outcome ? [outcome as AuditOutcome] : [] });
        }}
        data={[
          { value: "", label: "Any" },
          ...outcomes.map(([value, label]) => ({ value, label })),
          ...(view.outcomes.length > 1 ? [{ value: "several", label: "Several", disabled: true }] : []),
        ]}
      />
      <NativeSelect
        label="Came in"
        value={view.via}
        onChange={(event) => change({ via: event.currentTarget.value })}
        data={[
          { value: "", label: "Any way" },
          { value: "csm", label: "As vendor staff (CSM)" },
          ...(view.via && view.via !== "csm" ? [view.via] : []),
        ]}
      />
      <TextInput
        label="Since"
        type="datetime-local"
        value={toLocal(view.since)}
        onChange={(event) => change({ since: fromLocal(event.currentTarget.value) })}
      />
      <TextInput
        label="Until"
        type="datetime-local"
        value={toLocal(view.until)}
        onChange={(event) => change({ until: fromLocal(event.currentTarget.value) })}
      />
      {narrowed && (
        <Button
          variant="default"
          leftSection={<IconFilterOff size={16} aria-hidden />}
          onClick={() => change({ actor: "", target: "", actions: [], outcomes: [], via: "", since: "", until: "" })}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}

/** Typed is a text that counts when it is left or sent: each reading of the log is recorded. */
function Typed({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const send = () => {
    if (text.trim() !== value) onChange(text.trim());
  };
  return (
    <TextInput
      label={label}
      value={text}
      maxLength={120}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={send}
      onKeyDown={(event) => {
        if (event.key === "Enter") send();
      }}
    />
  );
}
