import { useCallback, useEffect, useState } from "react";
import { follow } from "~/api/follow";
import { useApi } from "~/api/live";
import { OnboardingTicksDocument, type OnboardingTicksSubscription } from "./onboarding.generated";

/** What a check that is under way has told. readable is null for an object whose check failed. */
export interface Progress {
  objects: Readonly<Record<string, boolean | null>>;
  checked: number;
  total: number;
}

const nothing: Progress = { objects: {}, checked: 0, total: 0 };

/** Takes one tick of the check into what is known. */
export function told(
  before: Progress,
  tick: { objectName: string; readable: boolean | null; checked: number; total: number },
): Progress {
  if (!tick.objectName) return before;
  return {
    objects: { ...before.objects, [tick.objectName]: tick.readable },
    checked: tick.checked,
    total: tick.total,
  };
}

/** useCheckProgress follows the check of an integration, object by object. begin forgets what an earlier check told. */
export function useCheckProgress(integrationId: string): [Progress, () => void] {
  const { socket } = useApi();
  const [progress, setProgress] = useState<Progress>(nothing);
  const begin = useCallback(() => setProgress(nothing), []);
  useEffect(
    () =>
      follow(
        socket,
        OnboardingTicksDocument,
        { id: integrationId },
        (data: OnboardingTicksSubscription) => data.onboardingProgress,
        {
          onEvent(tick) {
            if (!tick.snapshot) setProgress((before) => told(before, tick));
          },
          // What was missed stands in the page's own data.
          onGap: begin,
        },
      ),
    [socket, integrationId, begin],
  );
  return [progress, begin];
}
