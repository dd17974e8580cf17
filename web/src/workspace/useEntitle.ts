import type { CombinedError } from "@urql/core";
import { useState } from "react";
import { useClient } from "urql";
import { newKey, type UserError } from "~/api/command";
import type { Edition } from "~/api/schema.generated";
import { credentials } from "~/api/session";
import { WorkspacesSetEntitlementsDocument, type WorkspacesSetEntitlementsMutation } from "./workspaces.generated";

type Payload = WorkspacesSetEntitlementsMutation["setEntitlements"];

export interface Entitled {
  payload: Payload | null;
  userErrors: readonly UserError[];
  error: CombinedError | undefined;
}

/**
 * useEntitle sets what a workspace bought. Unlike other commands it acts in the workspace that it
 * is about, which may be another than the one that the pages look into.
 */
export function useEntitle() {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Entitled | null>(null);
  const entitle = async (workspaceId: string, edition: Edition | null, packageKey: string | null) => {
    setBusy(true);
    setOutcome(null);
    const result = await client.mutation(
      WorkspacesSetEntitlementsDocument,
      { key: newKey(), workspaceId, edition, packageKey },
      {
        fetchOptions: {
          headers: { ...credentials(), "Fieldwarden-Workspace": workspaceId },
          credentials: "same-origin",
        },
      },
    );
    const payload = result.data?.setEntitlements ?? null;
    setBusy(false);
    setOutcome({ payload, userErrors: payload?.userErrors ?? [], error: result.error });
    return payload && payload.userErrors.length === 0 ? payload : null;
  };
  return { entitle, busy, outcome };
}
