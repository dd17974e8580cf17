import { useCallback, useState } from "react";

interface Connection<Node> {
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  edges: readonly ({ node: Node | null } | null)[] | null;
}

export interface More<Node> {
  nodes: readonly Node[];
  total: number;
  /** Whether there are older ones. */
  more: boolean;
  busy: boolean;
  failed: boolean;
  load(): void;
}

function nodesOf<Node>(page: Connection<Node>): Node[] {
  return (page.edges ?? []).flatMap((edge) => (edge?.node ? [edge.node] : []));
}

/**
 * useMore is a list that only grows at its beginning, the newest first. Its first page comes
 * with the screen, again and again; older pages are asked for one by one and stay.
 */
export function useMore<Node extends { id: string }>(
  /** Which list it is: another key begins anew. */
  key: string,
  first: Connection<Node>,
  ask: (after: string) => Promise<Connection<Node> | undefined>,
): More<Node> {
  const begin = () => ({ key, first, nodes: nodesOf(first), end: first.pageInfo, busy: false, failed: false });
  const [state, setState] = useState(begin);
  let current = state;
  if (state.key !== key) {
    current = begin();
    setState(current);
  } else if (state.first !== first) {
    const fresh = nodesOf(first);
    const ids = new Set(fresh.map((node) => node.id));
    const kept = state.nodes.filter((node) => !ids.has(node.id));
    // Without a node in common, something may lie between the new page and what was there.
    const joined = state.nodes.length > kept.length && kept.length > 0;
    current = joined
      ? { ...state, first, nodes: [...fresh, ...kept] }
      : { ...state, first, nodes: fresh, end: first.pageInfo };
    setState(current);
  }
  const { endCursor, hasNextPage } = current.end;
  const load = useCallback(async () => {
    if (!endCursor) return;
    setState((before) => ({ ...before, busy: true, failed: false }));
    const page = await ask(endCursor);
    setState((before) => {
      if (before.key !== key || before.end.endCursor !== endCursor) return before;
      if (!page) return { ...before, busy: false, failed: true };
      return { ...before, busy: false, nodes: [...before.nodes, ...nodesOf(page)], end: page.pageInfo };
    });
  }, [ask, endCursor, key]);
  return {
    nodes: current.nodes,
    total: first.totalCount,
    more: hasNextPage,
    busy: current.busy,
    failed: current.failed,
    load: () => void load(),
  };
}
