import { Group, Progress, Stack, Text } from "@mantine/core";
import { CompleteStep } from "./CompleteStep";
import type { Onboarding } from "./OnboardingPage";
import { Blockers, Say, StepCard } from "./StepCard";

/** What is synced and written back: each setting is decided by somebody, none by default. */
export function SettingsStep({ integration }: { integration: Onboarding }) {
  const step = integration.onboarding.find((each) => each.step === "SETTINGS");
  // What cannot be had now waits for no decision.
  const needed =
    integration.settings?.groups
      .flatMap((group) => group.settings)
      .filter((each) => each.mustDecide && each.available) ?? [];
  const decided = needed.filter((each) => each.decided).length;
  const text = `${decided} of ${needed.length} settings decided`;
  return (
    <StepCard title="Decide what is synced" done={step?.done ?? false} next="STANDARDIZATION">
      <Say>Every sync and write-back function is yours to switch on or leave off. Nothing is on unasked.</Say>
      {needed.length > 0 && (
        <Stack gap={4}>
          <Text size="sm" fw={600}>
            {text}
          </Text>
          <Progress value={(decided / needed.length) * 100} size="lg" aria-label={text} />
        </Stack>
      )}
      {needed.length > decided && (
        <Group gap={6}>
          <Text size="sm" c="dimmed">
            To decide:{" "}
            {needed
              .filter((each) => !each.decided)
              .map((each) => each.title)
              .join(", ")}
          </Text>
        </Group>
      )}
      {needed.length === decided && <Blockers blockers={step?.blockers ?? []} />}
      <CompleteStep
        integrationId={integration.id}
        step="SETTINGS"
        page="settings"
        pageTitle="Open the settings"
        next="STANDARDIZATION"
        done={step?.done ?? false}
        blocked={(step?.blockers.length ?? 0) > 0}
      />
    </StepCard>
  );
}
