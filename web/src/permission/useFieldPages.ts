import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useClient } from "urql";
import type { FieldStatus } from "~/api/schema.generated";
import {
  type PermissionFieldPageFragment,
  type PermissionFieldRowFragment,
  PermissionFieldsAfterDocument,
} from "./fields.generated";

export interface FieldList {
  id: string;
  object: string;
  search: string;
  statuses: FieldStatus[] | null;
  inaccessible: boolean;
}

interface Part {
  fields: PermissionFieldRowFragment[];
  /** Where the part begins; null is the beginning of the list. */
  after: string | null;
  end: string | null;
  more: boolean;
  /** Which news it has seen. */
  news: number;
}

export interface FieldPages {
  fields: readonly PermissionFieldRowFragment[];
  total: number;
  /** Whether there are fields that have not come yet. */
  more: boolean;
  failed: boolean;
  /** Tells which rows are on the screen: parts that are missing or out of date are asked for. */
  show(first: number, last: number): void;
  retry(): void;
}

// The next part is asked for when the screen comes this close to its beginning.
const ahead = 60;

function toPart(page: PermissionFieldPageFragment, after: string | null, news: number): Part {
  return {
    fields: (page.edges ?? []).flatMap((edge) => (edge?.node ? [edge.node] : [])),
    after,
    end: page.pageInfo.endCursor,
    more: page.pageInfo.hasNextPage,
    news,
  };
}

/**
 * useFieldPages is the list of an object's fields, part by part. The first part comes with the
 * screen; each new one of the same list is news, and then the parts that are looked at are
 * asked for again. Positions in the list are names, so parts stay where they are.
 */
export function useFieldPages(list: FieldList, first: PermissionFieldPageFragment): FieldPages {
  const client = useClient();
  const key = JSON.stringify(list);
  const [state, setState] = useState(() => ({ key, first, parts: [toPart(first, null, 0)], failed: false }));
  const asking = useRef(false);
  const lookAgain = useRef(() => {});
  let current = state;
  if (state.first !== first || state.key !== key) {
    current = { key, first, parts: withFirst(state.key === key ? state.parts : [], first), failed: false };
    setState(current);
  }
  const latest = useRef(current);
  useEffect(() => {
    latest.current = current;
  });
  const shown = useRef<[number, number]>([0, 0]);

  const ask = useCallback(
    async (index: number, after: string | null) => {
      const of = latest.current.key;
      if (after === null || asking.current) return;
      asking.current = true;
      const variables = { ...(JSON.parse(of) as FieldList), after };
      const { data } = await client.query(PermissionFieldsAfterDocument, variables, { requestPolicy: "network-only" });
      asking.current = false;
      // Meanwhile another list may be shown, whose parts were waiting for this one.
      if (latest.current.key !== of) return lookAgain.current();
      const page = data?.integration?.object?.fields;
      setState((before) => {
        if (before.key !== of) return before;
        if (!page) return { ...before, failed: true };
        const part = toPart(page, after, before.parts[0]?.news ?? 0);
        const old = before.parts[index];
        // Where a part ends elsewhere now, what follows begins elsewhere.
        const rest = old && old.end === part.end ? before.parts.slice(index + 1) : [];
        return { ...before, failed: false, parts: [...before.parts.slice(0, index), part, ...rest] };
      });
    },
    [client],
  );

  const look = useCallback(() => {
    const { parts, failed } = latest.current;
    if (failed) return;
    const [from, to] = shown.current;
    const news = parts[0]?.news ?? 0;
    let start = 0;
    for (const [index, part] of parts.entries()) {
      const end = start + part.fields.length;
      if (part.news !== news && start <= to && end > from) return void ask(index, part.after);
      start = end;
    }
    const last = parts.at(-1);
    if (last?.more && to + ahead >= start) void ask(parts.length, last.end);
  }, [ask]);

  useEffect(() => {
    lookAgain.current = look;
  });
  // What has come may not be enough, and news makes what is on the screen out of date.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new state is a reason to look
  useEffect(look, [look, current]);

  const show = useCallback(
    (from: number, to: number) => {
      shown.current = [from, to];
      look();
    },
    [look],
  );
  const fields = useMemo(() => current.parts.flatMap((part) => part.fields), [current.parts]);
  const retry = useCallback(() => setState((before) => ({ ...before, failed: false })), []);
  return {
    fields,
    total: first.totalCount,
    more: current.parts.at(-1)?.more ?? false,
    failed: current.failed,
    show,
    retry,
  };
}

function withFirst(parts: readonly Part[], first: PermissionFieldPageFragment): Part[] {
  const part = toPart(first, null, (parts[0]?.news ?? 0) + 1);
  return parts[0]?.end === part.end ? [part, ...parts.slice(1)] : [part];
}
