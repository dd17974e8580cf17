import { Table, Text } from "@mantine/core";
import { Status } from "~/ui/Status";
import { WideTable } from "~/ui/WideTable";
import { CompleteStep } from "./CompleteStep";
import type { Onboarding } from "./OnboardingPage";
import { Blockers, Say, StepCard } from "./StepCard";

/** Which field of the CRM stands for which standard field. */
export function StandardizationStep({ integration }: { integration: Onboarding }) {
  const step = integration.onboarding.find((each) => each.step === "STANDARDIZATION");
  const { objects, preconditions } = integration.standardization;
  const unmet = preconditions.filter((each) => !each.met);
  return (
    <StepCard title="Map the standard fields" done={step?.done ?? false} next="REVIEW">
      <Say>
        Most standard fields are mapped by themselves. Look at them, map what is missing, and leave the rest. The mapped
        fields are those whose permissions are watched.
      </Say>
      {unmet.map((each) => (
        <Text key={each.key} size="sm">
          {each.title}: {each.hint}
        </Text>
      ))}
      {objects.length > 0 && (
        <WideTable label="Table of objects" minWidth={420}>
          <Table verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Object</Table.Th>
                <Table.Th>Mapped</Table.Th>
                <Table.Th>Required</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {objects.map((object) => (
                <Table.Tr key={object.name}>
                  <Table.Td>{object.label}</Table.Td>
                  <Table.Td>
                    {object.mappedCount} of {object.standardFieldCount}
                  </Table.Td>
                  <Table.Td>
                    {object.unmappedRequired.length === 0 ? (
                      <Status tone="good">All mapped</Status>
                    ) : (
                      <Status tone="warning">{`${object.unmappedRequired.length} to map`}</Status>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
      <Blockers blockers={step?.blockers ?? []} />
      <CompleteStep
        integrationId={integration.id}
        step="STANDARDIZATION"
        page="standardization"
        pageTitle="Open the standardization"
        next="REVIEW"
        done={step?.done ?? false}
        blocked={(step?.blockers.length ?? 0) > 0}
      />
    </StepCard>
  );
}
