import type { AnyVariables, CombinedError, DocumentInput } from "@urql/core";
import { useCallback, useState } from "react";
import { useClient } from "urql";

/** What the API says is wrong with an input. */
export interface UserError {
  code: string;
  message: string;
  hint: string;
  field: string[];
  docsUrl: string;
}

/** How a command ended: done, refused with userErrors, or not answered (error). */
export interface Outcome<Payload> {
  payload: Payload | null;
  userErrors: UserError[];
  error: CombinedError | undefined;
  ok: boolean;
}

export interface Command<Variables, Payload> {
  run(variables: Variables): Promise<Outcome<Payload>>;
  busy: boolean;
  /** The last outcome; null before the first and while one is on its way. */
  outcome: Outcome<Payload> | null;
  reset(): void;
}

/**
 * useCommand sends a mutation. pick takes the payload out of the answer. Variables without
 * the idempotency key get a new one for each call of run; documents name it `$key`.
 */
export function useCommand<Data, Variables extends { key: string }, Payload extends { userErrors: UserError[] }>(
  mutation: DocumentInput<Data, Variables>,
  pick: (data: Data) => Payload,
): Command<Omit<Variables, "key">, Payload> {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome<Payload> | null>(null);
  const run = useCallback(
    async (variables: Omit<Variables, "key">) => {
      setBusy(true);
      setOutcome(null);
      const keyed: AnyVariables = { ...variables, key: newKey() };
      const result = await client.mutation<Data, AnyVariables>(mutation as DocumentInput<Data, AnyVariables>, keyed);
      const payload = result.data ? pick(result.data) : null;
      const userErrors = payload?.userErrors ?? [];
      const ended = { payload, userErrors, error: result.error, ok: !result.error && userErrors.length === 0 };
      setBusy(false);
      setOutcome(ended);
      return ended;
    },
    // A document and its pick belong to the feature's module and never change.
    [client, mutation, pick],
  );
  const reset = useCallback(() => setOutcome(null), []);
  return { run, busy, outcome, reset };
}

/** A new idempotency key. (crypto.randomUUID is missing on pages without TLS.) */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
