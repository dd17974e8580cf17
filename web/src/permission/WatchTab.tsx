import { Alert, Group, Paper, Radio, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { useCommand } from "~/api/command";
import { useScreen } from "~/api/query";
import type { WatchInterval } from "~/api/schema.generated";
import { useMay } from "~/app/viewer";
import { Fact } from "~/integration/about";
import { Guarded, whoMay } from "~/integration/Guarded";
import { Ago } from "~/ui/Ago";
import { CommandProblems } from "~/ui/Notice";
import { Loaded } from "~/ui/Page";
import { count } from "~/ui/words";
import {
  PermissionSetWatchModeDocument,
  type PermissionSetWatchModeMutation,
  PermissionWatchTabDocument,
  type PermissionWatchTabQuery,
} from "./history.generated";
import { NoSuchIntegration } from "./NoSuchIntegration";

type Shown = NonNullable<PermissionWatchTabQuery["integration"]>;

const intervals: readonly (readonly [WatchInterval, string, string])[] = [
  ["OFF", "Off", "Only the daily run checks, and whoever opens an object’s fields."],
  ["EVERY_15_MINUTES", "Every 15 minutes", "A loss is seen within 15 minutes."],
  ["EVERY_5_MINUTES", "Every 5 minutes", "A loss is seen within 5 minutes."],
];

const ofSet = (data: PermissionSetWatchModeMutation) => data.setWatchMode;

/** WatchTab switches watch mode, and says what it costs and when it probes. */
export function WatchTab({ integrationId }: { integrationId: string }) {
  const screen = useScreen(
    PermissionWatchTabDocument,
    { id: integrationId },
    { kinds: ["permission", "check", "integration"], integrationId },
  );
  return (
    <Loaded screen={screen}>
      {({ integration }) => (integration ? <Watch integration={integration} /> : <NoSuchIntegration />)}
    </Loaded>
  );
}

function Watch({ integration }: { integration: Shown }) {
  const { watchMode: mode } = integration;
  const may = useMay("CONFIGURE");
  const command = useCommand(PermissionSetWatchModeDocument, ofSet);
  const [chosen, setChosen] = useState<WatchInterval | null>(null);
  const interval = chosen ?? mode.interval;
  const save = async () => {
    const { ok } = await command.run({ integrationId: integration.id, interval });
    if (!ok) return;
    setChosen(null);
    notifications.show({
      message: interval === "OFF" ? "Watch mode is off." : "Watch mode is on.",
      color: "green",
      closeButtonProps: { "aria-label": "Close" },
    });
  };
  return (
    <Paper withBorder p="md">
      <Stack gap="md">
        <Text size="sm" maw={720}>
          Between the daily runs, watch mode asks {integration.connector.title} every few minutes what the integration
          user may do. A loss is then noticed, confirmed and alerted within minutes. Each probe counts to the API
          budget.
        </Text>
        {mode.unavailableReason && (
          <Alert
            color="blue"
            variant="light"
            icon={<IconInfoCircle aria-hidden />}
            title="Watch mode cannot be switched on"
          >
            {mode.unavailableReason}
          </Alert>
        )}
        <CommandProblems outcome={command.outcome} />
        <Radio.Group
          label="Probe"
          value={interval}
          onChange={(value) => setChosen(value as WatchInterval)}
          {...(may ? {} : { description: whoMay })}
        >
          <Stack gap="sm" mt="xs">
            {intervals.map(([value, label, description]) => (
              <Radio
                key={value}
                value={value}
                label={label}
                description={description}
                disabled={!may || (value !== "OFF" && mode.unavailableReason !== "" && mode.interval !== value)}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Group component="dl" gap="xl" m={0}>
          <Fact term="A probe costs">{count(mode.callsPerProbe, "CRM call")}</Fact>
          <Fact term="Every 5 minutes, a day costs">at most {count(mode.callsPerDayAtMost, "CRM call")}</Fact>
          <Fact term="Last probe">
            <Ago at={mode.lastProbeAt} />
          </Fact>
          <Fact term="Next probe">
            <Ago
              at={mode.nextProbeAt}
              none={mode.interval === "OFF" ? "none, watch mode is off" : "none while it rests"}
            />
          </Fact>
        </Group>
        <Group>
          <Guarded
            scope="CONFIGURE"
            loading={command.busy}
            disabled={interval === mode.interval}
            onClick={() => void save()}
          >
            Save
          </Guarded>
        </Group>
      </Stack>
    </Paper>
  );
}
