import { type Dispatch, type SetStateAction, useCallback, useEffect, useState } from "react";

const prefix = "fieldwarden-draft:";

/**
 * useDraft is useState for what somebody has entered and not yet sent: it outlives a reload
 * of the tab. clear forgets it. Secrets never belong into a draft.
 */
export function useDraft<Value>(name: string, initial: Value): [Value, Dispatch<SetStateAction<Value>>, () => void] {
  const key = prefix + name;
  const [value, setValue] = useState<Value>(() => {
    try {
      const kept = sessionStorage.getItem(key);
      return kept === null ? initial : (JSON.parse(kept) as Value);
    } catch {
      return initial;
    }
  });
  useEffect(() => {
    try {
      if (JSON.stringify(value) === JSON.stringify(initial)) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Storage is blocked: the draft lasts as long as the page.
    }
  }, [key, value, initial]);
  const clear = useCallback(() => {
    // At once: a dialog that closes with it has no later effect.
    try {
      sessionStorage.removeItem(key);
    } catch {
      // Storage is blocked: there is nothing to forget.
    }
    setValue(initial);
  }, [key, initial]);
  return [value, setValue, clear];
}
