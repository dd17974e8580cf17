import { Alert, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useNavigate } from "react-router";
import { useCommand } from "~/api/command";
import { Guarded } from "~/integration/Guarded";
import { CommandProblems } from "~/ui/Notice";
import { count } from "~/ui/words";
import { SettingsCompleteStepDocument, type SettingsCompleteStepMutation } from "./settings.generated";
import type { SettingsOf } from "./tree";

const pickComplete = (data: SettingsCompleteStepMutation) => data.completeOnboardingStep;

/** CompleteSettings is the way back into the onboarding, with its step done. */
export function CompleteSettings({ integration, unsaved }: { integration: SettingsOf; unsaved: boolean }) {
  const complete = useCommand(SettingsCompleteStepDocument, pickComplete);
  const navigate = useNavigate();
  const step = integration.onboarding.find((each) => each.step === "SETTINGS");
  if (!step || step.done) return null;
  const run = async () => {
    const { ok } = await complete.run({ integrationId: integration.id });
    if (!ok) return;
    notifications.show({ message: "The step is complete.", closeButtonProps: { "aria-label": "Close" } });
    navigate(`/integrations/${integration.id}/onboarding`);
  };
  const blocked = step.blockers.length > 0 || unsaved;
  return (
    <Alert color={blocked ? "blue" : "green"} variant="light" role="note" title="A step of the onboarding">
      <Stack gap="sm" align="flex-start">
        {unsaved ? (
          <Text size="sm">Save your changes, then complete the step.</Text>
        ) : step.blockers.length > 0 ? (
          <Text size="sm">Decide {count(step.blockers.length, "more setting")}, then complete the step.</Text>
        ) : (
          <Text size="sm">Everything is decided.</Text>
        )}
        <CommandProblems outcome={complete.outcome} />
        <Guarded scope="CONNECT" size="xs" loading={complete.busy} disabled={blocked} onClick={() => void run()}>
          Complete this step
        </Guarded>
      </Stack>
    </Alert>
  );
}
