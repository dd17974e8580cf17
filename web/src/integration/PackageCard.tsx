import { Badge, Group, List, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useCommand } from "~/api/command";
import { Confirm } from "~/ui/Confirm";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { Card } from "./Card";
import { UpgradePackageDocument, type UpgradePackageMutation } from "./change.generated";
import { Guarded } from "./Guarded";
import type { Overview } from "./OverviewPage";

type Plan = NonNullable<Overview["packageUpgrade"]>;

const pickUpgrade = (data: UpgradePackageMutation) => data.upgradePackage;

/** The package that the integration goes by, and what an upgrade would change. */
export function PackageCard({ integration }: { integration: Overview }) {
  const [opened, setOpened] = useState(false);
  const upgrade = useCommand(UpgradePackageDocument, pickUpgrade);
  const plan = integration.packageUpgrade;
  const run = async () => {
    if (!plan) return;
    const { ok } = await upgrade.run({ integrationId: integration.id, toVersion: plan.toVersion });
    if (!ok) return;
    setOpened(false);
    notifications.show({
      message: `The integration goes by version ${plan.toVersion} now. What is new is being checked.`,
      closeButtonProps: { "aria-label": "Close" },
    });
  };
  return (
    <Card title="Package" id="package">
      <Stack gap="sm">
        <Group gap="xs">
          <Text size="sm">
            {integration.package.title}, version {integration.package.version}
          </Text>
          {plan ? (
            <Status tone="info">{`Version ${plan.toVersion} is there`}</Status>
          ) : (
            <Status tone="good">The newest version</Status>
          )}
        </Group>
        {plan && (
          <>
            <Text size="sm">What version {plan.toVersion} would change:</Text>
            <Effects plan={plan} />
            <div>
              <Guarded scope="CONFIGURE" size="xs" onClick={() => setOpened(true)}>
                Upgrade to version {plan.toVersion}
              </Guarded>
            </div>
            <Confirm
              opened={opened}
              title={`Upgrade to version ${plan.toVersion}`}
              action="Upgrade"
              danger={plan.effects.some((effect) => effect.destructive)}
              busy={upgrade.busy}
              onConfirm={() => void run()}
              onCancel={() => setOpened(false)}
            >
              <Effects plan={plan} />
              <CommandProblems outcome={upgrade.outcome} />
            </Confirm>
          </>
        )}
      </Stack>
    </Card>
  );
}

function Effects({ plan }: { plan: Plan }) {
  if (plan.effects.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing that this integration would notice.
      </Text>
    );
  }
  return (
    <List size="sm" spacing={4}>
      {plan.effects.map((effect) => (
        <List.Item key={effect.kind + effect.subject}>
          {effect.description}{" "}
          {effect.destructive && (
            <Badge color="red" variant="light" tt="none">
              Takes something away
            </Badge>
          )}
          {effect.readable === false && (
            <Badge color="orange" variant="light" tt="none">
              Cannot be read now
            </Badge>
          )}
        </List.Item>
      ))}
    </List>
  );
}
