import { Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useNavigate, useSearchParams } from "react-router";
import { useCommand } from "~/api/command";
import { Guarded } from "~/integration/Guarded";
import { Ago } from "~/ui/Ago";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { MappingCompleteDocument, type MappingCompleteMutation } from "./mapping.generated";
import type { IntegrationOf } from "./standard";

const pickComplete = (data: MappingCompleteMutation) => data.completeOnboardingStep;

/** PhaseCard says where standardization stands: what must hold, what is open, and the way to end it. */
export function PhaseCard({ integration, onDone }: { integration: IntegrationOf; onDone(): void }) {
  const { standardization } = integration;
  const complete = useCommand(MappingCompleteDocument, pickComplete);
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const blocked = standardization.blockers.length > 0 || standardization.preconditions.some((each) => !each.met);
  const run = async () => {
    const { ok } = await complete.run({ integrationId: integration.id });
    if (!ok) return;
    notifications.show({ message: "Standardization is complete.", closeButtonProps: { "aria-label": "Close" } });
    if (search.get("from") === "onboarding") navigate(`/integrations/${integration.id}/onboarding`);
    else onDone();
  };
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="phase">
      <Group justify="space-between" mb="sm">
        <Title order={2} id="phase">
          Where it stands
        </Title>
        {standardization.completed ? (
          <Status tone="good">Completed</Status>
        ) : (
          <Status tone={blocked ? "warning" : "info"}>{blocked ? "Open" : "Ready to complete"}</Status>
        )}
      </Group>
      <Stack gap="sm">
        {standardization.completed && (
          <Text size="sm" component="div">
            Completed <Ago at={standardization.completedAt} none="some time ago" />: mapped fields are mandatory and
            watched, and the loss of one is an alert.
          </Text>
        )}
        <List listStyleType="none" spacing={6} size="sm">
          {standardization.preconditions.map((each) => (
            <List.Item key={each.key}>
              <Group gap="xs">
                <Status tone={each.met ? "good" : "warning"}>{each.met ? "Met" : "Not met"}</Status>
                <span>{each.title}</span>
              </Group>
              {each.hint && (
                <Text size="sm" c="dimmed">
                  {each.hint}
                </Text>
              )}
            </List.Item>
          ))}
        </List>
        {standardization.blockers.length > 0 && (
          <div>
            <Text size="sm" fw={600} mb={4}>
              What is open
            </Text>
            <List size="sm">
              {standardization.blockers.map((blocker) => (
                <List.Item key={blocker}>{blocker}</List.Item>
              ))}
            </List>
          </div>
        )}
        <CommandProblems outcome={complete.outcome} />
        {!standardization.completed && (
          <div>
            <Guarded scope="CONNECT" loading={complete.busy} disabled={blocked} onClick={() => void run()}>
              Complete standardization
            </Guarded>
          </div>
        )}
      </Stack>
    </Paper>
  );
}
