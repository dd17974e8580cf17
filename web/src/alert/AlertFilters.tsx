import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState } from "react";
import { words } from "~/ui/words";
import classes from "./AlertFilters.module.css";
import type { AlertIntegrationFragment, AlertsScreenQuery } from "./alerts.generated";
import { type AlertView, isNarrowed } from "./view";
import { integrationName, openStates, severities } from "./words";

/** AlertFilters narrows the list down; what is chosen is in the address. */
export function AlertFilters({
  view,
  change,
  rules,
  integrations,
}: {
  view: AlertView;
  change(wanted: Partial<AlertView>): void;
  rules: AlertsScreenQuery["alertRules"];
  integrations: readonly AlertIntegrationFragment[];
}) {
  return (
    <search className={classes.filters} aria-label="Alerts">
      <Search text={view.search} onChange={(search) => change({ search })} />
      <NativeSelect
        label="Severity"
        value={view.severity}
        onChange={(event) => change({ severity: event.currentTarget.value as AlertView["severity"] })}
        data={[{ value: "", label: "Any" }, ...severities.map((value) => ({ value, label: words(value) }))]}
      />
      {view.tab === "open" && (
        <NativeSelect
          label="State"
          value={view.state}
          onChange={(event) => change({ state: event.currentTarget.value as AlertView["state"] })}
          data={[{ value: "", label: "Any" }, ...openStates.map((value) => ({ value, label: words(value) }))]}
        />
      )}
      <NativeSelect
        label="Rule"
        value={view.rule}
        onChange={(event) => change({ rule: event.currentTarget.value as AlertView["rule"] })}
        data={[{ value: "", label: "Any" }, ...rules.map(({ rule, title }) => ({ value: rule, label: title }))]}
      />
      {(integrations.length > 1 || view.integration !== "") && (
        <NativeSelect
          label="Integration"
          value={view.integration}
          onChange={(event) => change({ integration: event.currentTarget.value })}
          data={[
            { value: "", label: "Any" },
            ...integrations.map((each) => ({ value: each.id, label: integrationName(each) })),
          ]}
        />
      )}
      {isNarrowed(view) && (
        <Button
          variant="subtle"
          leftSection={<IconX size={16} aria-hidden />}
          onClick={() => change({ severity: "", state: "", rule: "", integration: "", search: "" })}
        >
          Clear
        </Button>
      )}
    </search>
  );
}

// While somebody types, the address and the request wait for a pause.
const pause = 250;

function Search({ text, onChange }: { text: string; onChange(text: string): void }) {
  const [typed, setTyped] = useState(text);
  const [shown, setShown] = useState(text);
  // The address changed by itself: back, or Clear.
  if (shown !== text) {
    setShown(text);
    if (typed.trim() !== text) setTyped(text);
  }
  const settled = useEffectEvent(onChange);
  useEffect(() => {
    if (typed.trim() === text) return;
    const timer = setTimeout(() => settled(typed.trim()), pause);
    return () => clearTimeout(timer);
  }, [typed, text]);
  return (
    <TextInput
      label="Search"
      type="search"
      placeholder="Object, field or title"
      leftSection={<IconSearch size={16} aria-hidden />}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  );
}
