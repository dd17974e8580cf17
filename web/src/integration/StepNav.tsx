import { Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "react-router";
import type { OnboardingStep } from "~/api/schema.generated";
import classes from "./StepNav.module.css";

const titles: Record<OnboardingStep, string> = {
  AUTHORIZE: "Sign in",
  CHECK: "Check",
  SETTINGS: "Settings",
  STANDARDIZATION: "Standardization",
  REVIEW: "Review",
};

/** StepNav shows all steps of the onboarding, which of them are done, and leads to each. */
export function StepNav({
  steps,
  shown,
  next,
}: {
  steps: readonly { step: OnboardingStep; done: boolean }[];
  shown: OnboardingStep;
  /** The first step that is not done. */
  next: OnboardingStep;
}) {
  return (
    <nav aria-label="Steps of the onboarding">
      <ol className={classes.steps}>
        {steps.map(({ step, done }, index) => (
          <li key={step} className={classes.step} data-done={done || undefined}>
            <Link
              to={`?step=${step}`}
              className={classes.link}
              {...(step === shown ? { "aria-current": "step" as const } : {})}
            >
              <span className={classes.sign} aria-hidden>
                {done ? <IconCheck size={16} stroke={2.5} /> : index + 1}
              </span>
              <span>
                <Text span size="sm" fw={600} display="block">
                  {titles[step]}
                </Text>
                <Text span size="xs" c="dimmed" display="block">
                  {done ? "Done" : step === next ? "Next to do" : "To do"}
                </Text>
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
