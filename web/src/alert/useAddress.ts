import { useCallback, useEffect, useRef } from "react";
import { useSearchParams } from "react-router";

type Change = (old: URLSearchParams) => URLSearchParams;

/**
 * useAddress is the address's parameters and how to change them. Two changes soon after one
 * another both count, also when the page has not been drawn between them.
 */
export function useAddress(): [URLSearchParams, (change: Change, options?: { replace: boolean }) => void] {
  const [params, setParams] = useSearchParams();
  const latest = useRef(params);
  useEffect(() => {
    latest.current = params;
  }, [params]);
  const change = useCallback(
    (wanted: Change, options?: { replace: boolean }) => {
      latest.current = wanted(latest.current);
      setParams(latest.current, options);
    },
    [setParams],
  );
  return [params, change];
}
