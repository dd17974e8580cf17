import { Group, List, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useNavigate } from "react-router";
import { useCommand } from "~/api/command";
import { CommandProblems } from "~/ui/Notice";
import { count } from "~/ui/words";
import { Fact } from "./about";
import { Guarded } from "./Guarded";
import type { Onboarding } from "./OnboardingPage";
import { OnboardingFinishDocument, type OnboardingFinishMutation } from "./onboarding.generated";
import { Blockers, Say, StepCard } from "./StepCard";

type Setting = NonNullable<Onboarding["settings"]>["groups"][number]["settings"][number];

const pickFinish = (data: OnboardingFinishMutation) => data.finishOnboarding;

/** What will be on, what is in the way, and the end of the onboarding. */
export function ReviewStep({ integration }: { integration: Onboarding }) {
  const finish = useCommand(OnboardingFinishDocument, pickFinish);
  const navigate = useNavigate();
  const step = integration.onboarding.find((each) => each.step === "REVIEW");
  const settings = integration.settings?.groups.flatMap((group) => group.settings) ?? [];
  const on = settings.filter((each) => each.effectiveValue !== null && each.effectiveValue !== false);
  const objects = integration.objects.edges?.flatMap((edge) => (edge?.node ? [edge.node] : [])) ?? [];
  const unreadable = objects.filter((object) => object.status !== "OK");
  const mapped = integration.standardization.objects.reduce((sum, each) => sum + each.mappedCount, 0);
  const run = async () => {
    const { ok } = await finish.run({ integrationId: integration.id });
    if (!ok) return;
    notifications.show({
      message: "The integration is active, and its first run starts.",
      closeButtonProps: { "aria-label": "Close" },
    });
    navigate(`/integrations/${integration.id}`);
  };
  return (
    <StepCard title="Review and finish" done={step?.done ?? false}>
      <Say>With Finish the integration becomes active, and its first run starts at once.</Say>
      <Group component="dl" m={0} gap="xl" align="flex-start">
        <Fact term="CRM instance">{integration.instance?.name ?? "not signed in"}</Fact>
        <Fact term="Integration user">{integration.integrationUser?.name ?? "not signed in"}</Fact>
        <Fact term="Daily run">
          {integration.scheduleTime}, {integration.scheduleZone}
        </Fact>
        <Fact term="Objects that can be read">
          {objects.length - unreadable.length} of {objects.length}
        </Fact>
        <Fact term="Standard fields mapped">{count(mapped, "field")}</Fact>
      </Group>
      {unreadable.length > 0 && (
        <Text size="sm">
          Not readable now: {unreadable.map((object) => object.label).join(", ")}. What needs them does not work until
          they can be read.
        </Text>
      )}
      {integration.settings && (
        <>
          <Title order={3}>What will be on</Title>
          {on.length === 0 ? (
            <Text size="sm" c="dimmed">
              Nothing is switched on so far.
            </Text>
          ) : (
            <List size="sm" spacing={2}>
              {on.map((each) => (
                <List.Item key={each.key}>
                  {each.title}
                  {valueText(each)}
                </List.Item>
              ))}
            </List>
          )}
        </>
      )}
      <Blockers blockers={step?.blockers ?? []} />
      <CommandProblems outcome={finish.outcome} />
      <div>
        <Guarded
          scope="CONNECT"
          loading={finish.busy}
          disabled={(step?.blockers.length ?? 0) > 0}
          onClick={() => void run()}
        >
          Finish
        </Guarded>
      </div>
    </StepCard>
  );
}

/** The choice of a setting that is no switch: ": Negotiation". */
function valueText(setting: Setting): string {
  if (setting.type === "BOOLEAN") return "";
  const value = String(setting.effectiveValue);
  return `: ${setting.options.find((each) => each.value === value)?.label ?? value}`;
}
