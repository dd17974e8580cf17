import { Button, Group, Stack } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import { useMay } from "~/app/viewer";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { AuthorizeStep } from "./AuthorizeStep";
import { isBeforeOnboarded, nameOf, StateStatus } from "./about";
import { CheckStep } from "./CheckStep";
import { DisconnectDialog } from "./DisconnectDialog";
import { Guarded } from "./Guarded";
import { NoIntegration } from "./NoIntegration";
import { OnboardingDocument, type OnboardingQuery } from "./onboarding.generated";
import { ReviewStep } from "./ReviewStep";
import { SettingsStep } from "./SettingsStep";
import { StandardizationStep } from "./StandardizationStep";
import { StepNav } from "./StepNav";

export type Onboarding = NonNullable<OnboardingQuery["integration"]>;

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
  const [search] = useSearchParams();
  const [leaving, setLeaving] = useState(false);
  const steps = integration.onboarding;
  const open = steps.findIndex((each) => !each.done);
  const current = open < 0 ? steps.length - 1 : open;
  // Who watches a step is not taken on to the next by its end, but from the sign-in to its check.
  const [entered] = useState(steps[current]?.step);
  const here = entered === "AUTHORIZE" && current > 0 ? "CHECK" : entered;
  const step = steps.find((each) => each.step === search.get("step"))?.step ?? here;
  return (
    <Stack gap="lg">
      {step && <StepNav steps={steps} shown={step} next={steps[current]?.step ?? step} />}
      {step === "AUTHORIZE" && <AuthorizeStep integration={integration} />}
      {step === "CHECK" && <CheckStep integration={integration} />}
      {step === "SETTINGS" && <SettingsStep integration={integration} />}
      {step === "STANDARDIZATION" && <StandardizationStep integration={integration} />}
      {step === "REVIEW" && <ReviewStep integration={integration} />}
      <Group justify="flex-end">
        <Guarded scope="CONNECT" variant="subtle" color="red" size="xs" onClick={() => setLeaving(true)}>
          Give up this connection
        </Guarded>
      </Group>
      {leaving && <DisconnectDialog integration={integration} onClose={() => setLeaving(false)} />}
    </Stack>
  );
}
