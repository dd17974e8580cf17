import { Anchor, Group, Loader, Paper, Progress, Stack, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { useCommand } from "~/api/command";
import { FixSteps } from "~/ui/FixSteps";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { count } from "~/ui/words";
import { Checklist } from "./Checklist";
import { Guarded } from "./Guarded";
import type { Onboarding } from "./OnboardingPage";
import { OnboardingCheckDocument, type OnboardingCheckMutation } from "./onboarding.generated";
import { type Progress as Told, useCheckProgress } from "./progress";
import { Blockers, Say, StepCard } from "./StepCard";

type CrmObject = NonNullable<NonNullable<NonNullable<Onboarding["objects"]["edges"]>[number]>["node"]>;

const pickCheck = (data: OnboardingCheckMutation) => data.checkIntegration;

/** The connection test, and the rights on each object as the CRM answers for it. */
export function CheckStep({ integration }: { integration: Onboarding }) {
  const [told, begin] = useCheckProgress(integration.id);
  const check = useCommand(OnboardingCheckDocument, pickCheck);
  const step = integration.onboarding.find((each) => each.step === "CHECK");
  const signedIn = integration.onboarding.some((each) => each.step === "AUTHORIZE" && each.done);
  const objects = integration.objects.edges?.flatMap((edge) => (edge?.node ? [edge.node] : [])) ?? [];
  const underWay = signedIn && (check.busy || !step?.done);
  const missing = objects.filter((object) => object.status === "PERMISSION_MISSING" || object.status === "NOT_FOUND");
  return (
    <StepCard title="Check the connection and the rights" done={step?.done ?? false} next="SETTINGS">
      {signedIn ? (
        <Say>
          The connection is tested, and {integration.connector.title} is asked for the rights on every object. An object
          that cannot be read does not stop the onboarding; what needs it does not work until it can.
        </Say>
      ) : (
        <Say>The check starts by itself as soon as somebody has signed in.</Say>
      )}
      {signedIn && <Blockers blockers={step?.blockers ?? []} />}
      {signedIn && (
        <>
          <Bar objects={objects} told={told} underWay={underWay} />
          <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
            {objects.map((object) => (
              <ObjectLine
                key={object.id}
                object={object}
                told={underWay ? told : null}
                crm={integration.connector.title}
              />
            ))}
          </Stack>
          {missing.length > 0 && !underWay && (
            <Text size="sm">
              {count(missing.length, "object")} cannot be read. Repair that at the CRM and check again, or go on and do
              it later:{" "}
              <Anchor component={Link} to={`/integrations/${integration.id}/data-sync`} inherit underline="always">
                Data Sync
              </Anchor>{" "}
              shows the same steps.
            </Text>
          )}
          <CommandProblems outcome={check.outcome} />
          <div>
            <Guarded
              scope="OPERATE"
              variant="default"
              loading={check.busy}
              onClick={() => {
                begin();
                void check.run({ integrationId: integration.id });
              }}
            >
              Check again
            </Guarded>
          </div>
          <Title order={3}>Connection test</Title>
          <Checklist items={integration.checklist} />
        </>
      )}
    </StepCard>
  );
}

function Bar({ objects, told, underWay }: { objects: readonly CrmObject[]; told: Told; underWay: boolean }) {
  const total = told.total || objects.length;
  const checked = underWay ? told.checked : objects.filter((object) => object.status !== "NOT_CHECKED").length;
  const text = `${checked} of ${count(total, "object")} checked`;
  return (
    <Stack gap={4}>
      <Group gap="xs" role="status">
        {underWay && <Loader size={14} aria-hidden />}
        <Text size="sm" fw={600}>
          {text}
        </Text>
      </Group>
      <Progress value={total === 0 ? 0 : (checked / total) * 100} size="lg" aria-label={text} />
    </Stack>
  );
}

function ObjectLine({ object, told, crm }: { object: CrmObject; told: Told | null; crm: string }) {
  const fresh = told && object.name in told.objects;
  const fault = !told && (object.status === "PERMISSION_MISSING" || object.status === "NOT_FOUND");
  return (
    <Paper component="li" withBorder p="xs" px="sm">
      <Group justify="space-between" gap="xs">
        <div style={{ minWidth: 0 }}>
          <Text size="sm" fw={600} span>
            {object.label}
          </Text>{" "}
          <Text size="sm" c="dimmed" span>
            {object.label === object.name ? "" : `${object.name} · `}
            {object.requirement.toLowerCase()}
          </Text>
        </div>
        {told ? (
          <TickStatus told={told} name={object.name} fresh={Boolean(fresh)} />
        ) : (
          <VerdictStatus object={object} />
        )}
      </Group>
      {fault && (
        <Stack gap="xs" mt="xs">
          {object.evidence && (
            <Text size="sm" c="dimmed">
              {object.evidence}
            </Text>
          )}
          {object.fix && <FixSteps fix={object.fix} crm={crm} />}
        </Stack>
      )}
      {!told && object.stale && object.staleReason && (
        <Text size="sm" c="dimmed" mt={4}>
          The last check of it failed: {object.staleReason}
        </Text>
      )}
    </Paper>
  );
}

function TickStatus({ told, name, fresh }: { told: Told; name: string; fresh: boolean }) {
  if (!fresh) return <Status tone="waiting">Waiting</Status>;
  const readable = told.objects[name];
  if (readable === null) return <Status tone="unknown">Could not be checked</Status>;
  return readable ? <Status tone="good">Can be read</Status> : <Status tone="bad">Cannot be read</Status>;
}

function VerdictStatus({ object }: { object: CrmObject }) {
  switch (object.status) {
    case "OK":
      return <Status tone="good">Can be read</Status>;
    case "PERMISSION_MISSING":
      return <Status tone="bad">Cannot be read</Status>;
    case "NOT_FOUND":
      return <Status tone="bad">Not found</Status>;
    default:
      return <Status tone="unknown">Not checked</Status>;
  }
}
