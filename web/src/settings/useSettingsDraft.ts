import { useCallback, useMemo } from "react";
import { useDraft } from "~/ui/useDraft";
import { type Setting, settingsOf, type Tree, type Value } from "./tree";

interface Draft {
  values: Record<string, Value>;
  /** What was stored when the draft was begun; null while there is none. */
  seen: Record<string, unknown> | null;
}

const none: Draft = { values: {}, seen: null };

export interface Change {
  setting: Setting;
  value: Value;
}

/** A setting that somebody else changed since the draft was begun. */
export interface Meanwhile {
  setting: Setting;
  before: unknown;
  after: unknown;
}

export interface SettingsDraft {
  values: Record<string, Value>;
  /** What saving would change. */
  changes: Change[];
  meanwhile: Meanwhile[];
  set(key: string, value: Value): void;
  /** Takes what is stored now as known: it is not told as changed meanwhile any more. */
  acknowledge(): void;
  discard(): void;
}

function storedOf(settings: readonly Setting[]): Record<string, unknown> {
  return Object.fromEntries(settings.map((setting) => [setting.key, setting.value ?? null]));
}

/** useSettingsDraft collects changes of an integration's settings until they are saved together. */
export function useSettingsDraft(integrationId: string, tree: Tree): SettingsDraft {
  const [draft, setDraft, discard] = useDraft<Draft>(`settings:${integrationId}`, none);
  const settings = useMemo(() => settingsOf(tree), [tree]);

  const set = useCallback(
    (key: string, value: Value) =>
      setDraft((old) => {
        const values = { ...old.values, [key]: value };
        if (settings.find((setting) => setting.key === key)?.value === value) delete values[key];
        return Object.keys(values).length === 0 ? none : { values, seen: old.seen ?? storedOf(settings) };
      }),
    [setDraft, settings],
  );
  const acknowledge = useCallback(
    () => setDraft((old) => ({ values: old.values, seen: storedOf(settings) })),
    [setDraft, settings],
  );

  const changes: Change[] = [];
  const meanwhile: Meanwhile[] = [];
  for (const setting of settings) {
    const value = draft.values[setting.key];
    if (value !== undefined && value !== setting.value) changes.push({ setting, value });
    const after = setting.value ?? null;
    if (draft.seen && setting.key in draft.seen && draft.seen[setting.key] !== after)
      meanwhile.push({ setting, before: draft.seen[setting.key], after });
  }
  return { values: draft.values, changes, meanwhile, set, acknowledge, discard };
}
