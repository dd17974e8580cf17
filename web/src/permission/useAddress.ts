import { useCallback, useEffect, useRef } from "react";
import { useSearchParams } from "react-router";

/**
 * useAddress is what the address asks for, and changes it. Two changes that come before the
 * page has seen the first both count.
 */
export function useAddress(): [URLSearchParams, (change: (next: URLSearchParams) => void, replace?: boolean) => void] {
  const [params, setParams] = useSearchParams();
  const latest = useRef(params);
  useEffect(() => {
    latest.current = params;
  }, [params]);
  const change = useCallback(
    (make: (next: URLSearchParams) => void, replace = true) => {
      const next = new URLSearchParams(latest.current);
      make(next);
      latest.current = next;
      setParams(next, { replace, preventScrollReset: true });
    },
    [setParams],
  );
  return [params, change];
}

/** put names a value in the address; an empty one is left out. */
export function put(params: URLSearchParams, key: string, value: string) {
  if (value) params.set(key, value);
  else params.delete(key);
}

/** putAll names several values of one key. */
export function putAll(params: URLSearchParams, key: string, values: readonly string[]) {
  params.delete(key);
  for (const value of values) params.append(key, value);
}
