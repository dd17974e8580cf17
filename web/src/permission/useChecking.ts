import { useState } from "react";
import type { IntegrationState } from "~/api/schema.generated";

interface Verdict {
  id: string;
  checkedAt: string | null;
  stale: boolean;
}

// Looking at a verdict of this age makes the server ask the CRM again.
const freshFor = 60_000;

/**
 * useChecking says whether the server asks the CRM right now because somebody looks. now is
 * the server's clock as of the answer that brought the verdict; answer is that answer.
 */
export function useChecking(
  verdict: Verdict | null | undefined,
  state: IntegrationState | undefined,
  now: string,
  answer: unknown,
): boolean {
  // The first answer about an object whose last check failed tells of one that begins. A later
  // answer tells that this one failed, too.
  const [first, setFirst] = useState<{ id: string; answer: unknown }>({ id: "", answer: null });
  if (verdict && first.id !== verdict.id) setFirst({ id: verdict.id, answer });
  if (!verdict || (state !== "ACTIVE" && state !== "ONBOARDING")) return false;
  if (verdict.stale) return first.id !== verdict.id || first.answer === answer;
  return verdict.checkedAt === null || Date.parse(now) - Date.parse(verdict.checkedAt) >= freshFor;
}
