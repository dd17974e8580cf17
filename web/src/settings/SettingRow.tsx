import { Badge, Box, Group, Radio, Select, Stack, Switch, Text } from "@mantine/core";
import type { SettingUnavailableReason } from "~/api/schema.generated";
import { Ago } from "~/ui/Ago";
import { Status, type Tone } from "~/ui/Status";
import { Requirements } from "./Requirements";
import classes from "./settings.module.css";
import { isToDecide, type Setting, type Value, valueWords, wanted } from "./tree";

const reasons: Record<SettingUnavailableReason, [Tone, string]> = {
  EDITION: ["warning", "Not in your edition"],
  CONNECTOR_UNSUPPORTED: ["warning", "Not supported for this CRM"],
  APP_NOT_INSTALLED: ["warning", "App not installed"],
  PERMISSION_MISSING: ["bad", "Right missing"],
  PARENT_DISABLED: ["waiting", "Parent is off"],
};

/** SettingRow is one setting: what it is, what holds now, and the control to decide it. */
export function SettingRow({
  setting,
  values,
  blocked,
  mayEdit,
  integrationId,
  crm,
  onChange,
}: {
  setting: Setting;
  values: Record<string, Value>;
  /** Why it cannot be chosen as the page stands; empty when it can. */
  blocked: string;
  mayEdit: boolean;
  integrationId: string;
  crm: string;
  onChange(value: Value): void;
}) {
  const entered = values[setting.key];
  const changed = entered !== undefined && entered !== setting.value;
  return (
    <Box
      component="li"
      className={[classes.row, setting.parent && classes.child, changed && classes.changed].filter(Boolean).join(" ")}
      data-setting={setting.key}
    >
      <Group justify="space-between" align="flex-start" gap="sm">
        <div className={classes.control}>
          <Control setting={setting} values={values} blocked={blocked} mayEdit={mayEdit} onChange={onChange} />
        </div>
        <Group gap={6}>
          <Standing setting={setting} />
        </Group>
      </Group>
      <Stack gap={6} mt={6} className={setting.type === "BOOLEAN" && setting.decided ? (classes.notes ?? "") : ""}>
        {changed && (
          <Text size="sm" fw={600}>
            Not saved: {valueWords(setting.value, setting)} → {valueWords(entered, setting)}
          </Text>
        )}
        {setting.valueGone && (
          <Text size="sm" c="var(--mantine-color-error)">
            The CRM no longer has the choice “{String(setting.value)}”: choose another one. Until then the setting has
            no effect.
          </Text>
        )}
        {blocked && (
          <Text size="sm" c="dimmed">
            {setting.unavailableReason !== "PERMISSION_MISSING"
              ? blocked
              : setting.decided && setting.value !== false
                ? "It is decided, and has no effect until the missing rights are there."
                : "It can be chosen when the missing rights are there."}
          </Text>
        )}
        <Requirements requires={setting.requires} integrationId={integrationId} crm={crm} />
        {setting.updatedAt && (
          <Text size="xs" c="dimmed" component="div">
            Decided <Ago at={setting.updatedAt} />
          </Text>
        )}
      </Stack>
    </Box>
  );
}

/** What is true of the setting on the server, without what was entered here. */
function Standing({ setting }: { setting: Setting }) {
  if (setting.valueGone) return <Status tone="bad">Choice gone</Status>;
  if (isToDecide(setting)) return <Status tone="info">To decide</Status>;
  if (!setting.available && setting.unavailableReason) {
    const [tone, word] = reasons[setting.unavailableReason];
    return <Status tone={tone}>{word}</Status>;
  }
  if (setting.effectiveValue === true || (setting.type === "ENUM" && setting.effectiveValue !== null))
    return <Status tone="good">In effect</Status>;
  if (setting.type === "ENUM" || setting.value === true) return <Status tone="waiting">No effect</Status>;
  return (
    <Badge variant="light" color="gray" tt="none" fw={600}>
      Off
    </Badge>
  );
}

function Control({
  setting,
  values,
  blocked,
  mayEdit,
  onChange,
}: {
  setting: Setting;
  values: Record<string, Value>;
  blocked: string;
  mayEdit: boolean;
  onChange(value: Value): void;
}) {
  const value = wanted(setting, values);
  const proposal =
    !setting.decided && setting.mustDecide && setting.defaultValue !== null && setting.defaultValue !== undefined
      ? ` Proposed: ${valueWords(setting.defaultValue, setting).toLowerCase()}.`
      : "";
  const help = setting.help + proposal;
  if (setting.type === "ENUM") {
    return (
      <Select
        label={setting.title}
        description={help}
        maw={460}
        data={setting.options.map(({ value, label }) => ({ value, label }))}
        value={typeof value === "string" && setting.options.some((option) => option.value === value) ? value : null}
        onChange={(chosen) => chosen !== null && onChange(chosen)}
        placeholder={
          setting.options.length > 0 ? "Choose" : "The CRM has not told its choices yet: run a check of the objects"
        }
        disabled={!mayEdit || blocked !== "" || setting.options.length === 0}
        allowDeselect={false}
        searchable={setting.options.length > 12}
        comboboxProps={{ withinPortal: true }}
      />
    );
  }
  // A switch cannot show that nobody has decided.
  if (!setting.decided && setting.mustDecide) {
    const entered = values[setting.key];
    return (
      <Radio.Group
        label={setting.title}
        description={help}
        value={entered === undefined ? "" : String(entered)}
        onChange={(chosen) => onChange(chosen === "true")}
      >
        <Group mt={8} gap="lg">
          <Radio value="true" label="On" disabled={!mayEdit || blocked !== ""} />
          <Radio value="false" label="Off" disabled={!mayEdit} />
        </Group>
      </Radio.Group>
    );
  }
  return (
    <Switch
      label={setting.title}
      // The help describes it; without this it would be part of its name, too.
      aria-label={setting.title}
      description={help}
      checked={value === true}
      onChange={(event) => onChange(event.currentTarget.checked)}
      // Switching off is always possible.
      disabled={!mayEdit || (blocked !== "" && value !== true)}
      styles={{ label: { fontWeight: 600 } }}
    />
  );
}
