import { Alert, Anchor, Group, Text } from "@mantine/core";
import { Link } from "react-router";
import { useCommand } from "~/api/command";
import { CommandProblems } from "~/ui/Notice";
import { Fact, Reason } from "./about";
import { Guarded } from "./Guarded";
import { leaveFor } from "./leave";
import type { Onboarding } from "./OnboardingPage";
import { OnboardingSignInDocument, type OnboardingSignInMutation } from "./onboarding.generated";
import { Say, StepCard } from "./StepCard";

const pickSignIn = (data: OnboardingSignInMutation) => data.startIntegration;

/** The sign-in at the CRM: done, under way in another window, failed, or expired. */
export function AuthorizeStep({ integration }: { integration: Onboarding }) {
  const signIn = useCommand(OnboardingSignInDocument, pickSignIn);
  const { connector, environment, instance, integrationUser, state, stateReason } = integration;
  const done = integration.onboarding.some((each) => each.step === "AUTHORIZE" && each.done);
  const goOn = async () => {
    const { ok, payload } = await signIn.run({ connector: connector.name, environment });
    if (ok && payload?.signInUrl) leaveFor(payload.signInUrl);
  };
  return (
    <StepCard title={`Sign in at ${connector.title}`} done={done} next="CHECK">
      {done && (
        <Group component="dl" m={0} gap="xl">
          <Fact term="Instance">
            {instance ? (
              <Anchor href={instance.url} target="_blank" rel="noreferrer" size="sm" underline="always">
                {instance.name}
              </Anchor>
            ) : (
              "not known"
            )}
          </Fact>
          <Fact term="Integration user">{integrationUser?.name ?? "not known"}</Fact>
        </Group>
      )}
      {done && integrationUser && !integrationUser.isDedicated && (
        <Alert color="orange" variant="light" title="This looks like a person's login">
          <Text size="sm">
            The integration ends when that person leaves or changes role. A user of its own lasts; you can replace the
            user later, on the overview.
          </Text>
        </Alert>
      )}
      {!done && state === "AUTHORIZING" && (
        <Say>
          The sign-in was opened and is good for ten minutes. If you closed its window, or it took longer, open it
          again: the earlier one ends.
        </Say>
      )}
      {!done && state === "DRAFT" && stateReason && (
        <Alert color="red" variant="light" title="The sign-in did not succeed">
          <Reason text={stateReason} />
        </Alert>
      )}
      {!done && (
        <>
          <CommandProblems outcome={signIn.outcome} />
          <Group>
            <Guarded scope="CONNECT" loading={signIn.busy} onClick={() => void goOn()}>
              {stateReason || state === "AUTHORIZING" ? "Sign in again" : `Sign in at ${connector.title}`}
            </Guarded>
            <Anchor
              component={Link}
              to={`/connect/${connector.name}?environment=${environment}`}
              size="sm"
              underline="always"
            >
              Look at the prerequisites again
            </Anchor>
            <Anchor href={`/docs/admins/${connector.name}`} target="_blank" size="sm" underline="always">
              Connection guide
            </Anchor>
          </Group>
        </>
      )}
    </StepCard>
  );
}
