import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Link, useNavigate } from "react-router";
import { useCommand } from "~/api/command";
import type { OnboardingStep } from "~/api/schema.generated";
import { CommandProblems } from "~/ui/Notice";
import { Guarded } from "./Guarded";
import { OnboardingCompleteDocument, type OnboardingCompleteMutation } from "./onboarding.generated";

const pickComplete = (data: OnboardingCompleteMutation) => data.completeOnboardingStep;

/** Leads to the page where a step is worked on, and completes the step. */
export function CompleteStep({
  integrationId,
  step,
  page,
  pageTitle,
  next,
  done,
  blocked,
}: {
  integrationId: string;
  step: OnboardingStep;
  page: string;
  pageTitle: string;
  next: OnboardingStep;
  done: boolean;
  blocked: boolean;
}) {
  const complete = useCommand(OnboardingCompleteDocument, pickComplete);
  const navigate = useNavigate();
  const run = async () => {
    const { ok } = await complete.run({ integrationId, step });
    if (!ok) return;
    notifications.show({ message: "The step is complete.", closeButtonProps: { "aria-label": "Close" } });
    navigate(`?step=${next}`);
  };
  return (
    <>
      <CommandProblems outcome={complete.outcome} />
      <Group>
        <Button
          component={Link}
          to={`/integrations/${integrationId}/${page}?from=onboarding`}
          variant={blocked ? "filled" : "default"}
        >
          {pageTitle}
        </Button>
        {!done && (
          <Guarded
            scope="CONNECT"
            loading={complete.busy}
            variant={blocked ? "default" : "filled"}
            onClick={() => void run()}
          >
            Complete this step
          </Guarded>
        )}
      </Group>
    </>
  );
}
