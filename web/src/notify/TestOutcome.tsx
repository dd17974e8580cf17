import { Button, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { deliveryTone } from "~/alert/words";
import { type Command, useCommand } from "~/api/command";
import { Ago } from "~/ui/Ago";
import { CommandProblems } from "~/ui/Notice";
import { Status } from "~/ui/Status";
import { words } from "~/ui/words";
import { NotifyTestDocument, type NotifyTestMutation, type NotifyTestMutationVariables } from "./notify.generated";
import { receiver } from "./words";

const pick = (data: NotifyTestMutation) => data.testChannel;

export type Test = Command<Omit<NotifyTestMutationVariables, "key">, NotifyTestMutation["testChannel"]>;

/** useTest sends a test message by the very way that alerts take, and waits for what becomes of it. */
export function useTest(): Test {
  return useCommand(NotifyTestDocument, pick);
}

export function TestButton({
  test,
  to,
  name,
  disabled,
  onDone,
}: {
  test: Test;
  to: { channelId: string } | { recipientId: string };
  name: string;
  disabled: boolean;
  onDone?: () => void;
}) {
  const send = async () => {
    await test.run({ channelId: null, recipientId: null, ...to });
    onDone?.();
  };
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconSend size={14} aria-hidden />}
      disabled={disabled}
      loading={test.busy}
      onClick={send}
      aria-label={`Send a test to ${name}`}
    >
      Test
    </Button>
  );
}

/** TestOutcome tells how a test went. */
export function TestOutcome({ test }: { test: Test }) {
  const delivery = test.outcome?.payload?.delivery;
  return (
    <div role="status">
      <CommandProblems outcome={test.outcome} />
      {delivery && (
        <Stack gap={4}>
          <Text size="sm" component="div" style={{ overflowWrap: "anywhere" }}>
            <Status tone={deliveryTone[delivery.state]}>{words(delivery.state)}</Status> Test to {receiver(delivery)}
            {delivery.responseCode !== null && `, answered ${delivery.responseCode}`}
            {delivery.state === "DELIVERED" && delivery.log.at(-1) && ` in ${delivery.log.at(-1)?.milliseconds} ms`}
            {delivery.state === "PENDING" && (
              <>
                , tried again <Ago at={delivery.nextAttemptAt} none="soon" />
              </>
            )}
          </Text>
          {delivery.failure && (
            <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
              {delivery.failure}
            </Text>
          )}
        </Stack>
      )}
    </div>
  );
}
