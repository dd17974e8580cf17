import type { SettingsRequirementFragment, SettingsScreenQuery, SettingsTreeFragment } from "./settings.generated";

export type SettingsOf = NonNullable<SettingsScreenQuery["integration"]>;
export type Tree = SettingsTreeFragment;
export type Setting = Tree["groups"][number]["settings"][number];
export type Requirement = SettingsRequirementFragment;
export type Value = boolean | string;

/** All settings in the order of the page. */
export function settingsOf(tree: Tree): Setting[] {
  return tree.groups.flatMap((group) => group.settings);
}

/** What people read for a value: "On", an option's label, "Not decided". */
export function valueWords(value: unknown, setting?: Pick<Setting, "options">): string {
  if (value === true) return "On";
  if (value === false) return "Off";
  if (value === null || value === undefined) return "Not decided";
  return setting?.options.find((option) => option.value === value)?.label ?? String(value);
}

/** What somebody wants a setting to be: what was entered, else what is stored, else what is proposed. */
export function wanted(setting: Setting, values: Record<string, Value>): unknown {
  return values[setting.key] ?? setting.value ?? setting.defaultValue;
}

/** Why a setting cannot be switched on, as the page stands with what was entered; empty when it can. */
export function blockedBy(
  setting: Setting,
  values: Record<string, Value>,
  byKey: ReadonlyMap<string, Setting>,
): string {
  const parent = setting.parent ? byKey.get(setting.parent) : undefined;
  const parentOn = !parent || (wanted(parent, values) === true && blockedBy(parent, values, byKey) === "");
  if (!setting.available && setting.unavailableReason !== "PARENT_DISABLED") return setting.unavailableMessage;
  if (parentOn) return "";
  if (setting.unavailableReason === "PARENT_DISABLED") return setting.unavailableMessage;
  return `It belongs to “${parent?.title}”, which you switch off. Its value is kept.`;
}

/** Whether the onboarding waits for a decision on it. */
export function isToDecide(setting: Setting): boolean {
  return setting.mustDecide && !setting.decided && setting.available;
}

/** "create Contact.Email" */
export function rightWords({ object, field, right }: Pick<Requirement, "object" | "field" | "right">): string {
  return `${right.toLowerCase()} ${field ? `${object}.${field}` : object}`;
}
