import { Button, Paper, Stack, Stepper, useMatches } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";
import { Link, useParams, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import type { OnboardingStep } from "~/api/schema.generated";
import { useMay } from "~/app/viewer";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { AuthorizeStep } from "./AuthorizeStep";
import { isBeforeOnboarded, nameOf, StateStatus } from "./about";
import { CheckStep } from "./CheckStep";
import { NoIntegration } from "./NoIntegration";
import { OnboardingDocument, type OnboardingQuery } from "./onboarding.generated";
import { ReviewStep } from "./ReviewStep";
import { SettingsStep } from "./SettingsStep";
import { StandardizationStep } from "./StandardizationStep";

export type Onboarding = NonNullable<OnboardingQuery["integration"]>;

const stepTitles: Record<OnboardingStep, [string, string]> = {
  AUTHORIZE: ["Sign in", "at the CRM"],
  CHECK: ["Check", "what can be read"],
  SETTINGS: ["Settings", "what is synced"],
  STANDARDIZATION: ["Standardization", "which field is which"],
  REVIEW: ["Review", "and finish"],
};

/** The onboarding of an integration. Where it stands is the server's: it can be left and gone on with at any time. */
export function Component() {
  const { integrationId = "" } = useParams();
  const withSettings = useMay("READ_SETTINGS");
  const screen = useScreen(
    OnboardingDocument,
    { id: integrationId, withSettings },
    { kinds: ["integration", "onboarding", "check", "settings", "mapping", "permission"], integrationId },
  );
  const integration = screen.data?.integration;
  if (screen.data && !integration) return <NoIntegration />;
  return (
    <Page
      title={integration ? `Onboarding of ${nameOf(integration)}` : "Onboarding"}
      above={[["Integrations", "/"]]}
      lead="You can leave at any step and come back: everything so far is kept."
      actions={integration && <StateStatus state={integration.state} />}
    >
      <Loaded screen={screen}>
        {({ integration: loaded }) =>
          loaded && (isBeforeOnboarded(loaded.state) ? <Steps integration={loaded} /> : <Over integration={loaded} />)
        }
      </Loaded>
    </Page>
  );
}

function Over({ integration }: { integration: Onboarding }) {
  const finished = integration.onboarding.every((each) => each.done);
  return (
    <Empty
      icon={IconPlayerPause}
      title={finished ? "The onboarding is finished" : "The onboarding is not open"}
      actions={
        <Button component={Link} to={`/integrations/${integration.id}`}>
          Go to the overview
        </Button>
      }
    >
      {finished
        ? "Settings, standardization and everything else can be changed on the integration's own pages."
        : "The integration is disconnected. Sign in again on its overview to go on."}
    </Empty>
  );
}

function Steps({ integration }: { integration: Onboarding }) {
  const [search, setSearch] = useSearchParams();
  const orientation = useMatches({ base: "vertical" as const, sm: "horizontal" as const });
  const steps = integration.onboarding;
  const open = steps.findIndex((each) => !each.done);
  const current = open < 0 ? steps.length - 1 : open;
  const asked = steps.findIndex((each) => each.step === search.get("step"));
  const shown = asked < 0 ? current : asked;
  const step = steps[shown]?.step;
  return (
    <Stack gap="lg">
      <Paper withBorder p="md" component="nav" aria-label="Steps of the onboarding">
        <Stepper
          active={shown}
          size="sm"
          orientation={orientation}
          onStepClick={(index) => {
            const next = steps[index]?.step;
            if (next) setSearch({ step: next });
          }}
        >
          {steps.map((each, index) => (
            <Stepper.Step
              key={each.step}
              label={stepTitles[each.step][0]}
              description={each.done ? "Done" : index === current ? "To do" : stepTitles[each.step][1]}
              state={index === shown ? "stepProgress" : each.done ? "stepCompleted" : "stepInactive"}
              {...(index === shown ? { "aria-current": "step" as const } : {})}
            />
          ))}
        </Stepper>
      </Paper>
      {step === "AUTHORIZE" && <AuthorizeStep integration={integration} />}
      {step === "CHECK" && <CheckStep integration={integration} />}
      {step === "SETTINGS" && <SettingsStep integration={integration} />}
      {step === "STANDARDIZATION" && <StandardizationStep integration={integration} />}
      {step === "REVIEW" && <ReviewStep integration={integration} />}
    </Stack>
  );
}
