import { Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { IconFilterOff, IconRefresh, IconSend } from "@tabler/icons-react";
import { Pages } from "~/alert/Pages";
import { useAddress } from "~/alert/useAddress";
import { useScreen } from "~/api/query";
import type { DeliveryFilterInput, DeliveryKind, DeliveryState } from "~/api/schema.generated";
import { Empty } from "~/ui/Empty";
import { Loaded } from "~/ui/Page";
import { count, words } from "~/ui/words";
import { DeliveryList } from "./DeliveryList";
import { NotifyDeliveriesDocument, type NotifyDeliveriesQuery } from "./notify.generated";
import { deliveryKinds, deliveryKindWords, deliveryStates } from "./words";

function filterOf(params: URLSearchParams): DeliveryFilterInput {
  const filter: DeliveryFilterInput = {};
  const state = deliveryStates.find((each) => each === params.get("state"));
  const kind = deliveryKinds.find((each) => each === params.get("kind"));
  const to = params.get("to");
  if (state) filter.states = [state];
  if (kind) filter.kinds = [kind];
  // An address has an @; a channel's id has none.
  if (to?.includes("@")) filter.address = to;
  else if (to) filter.channelId = to;
  return filter;
}

/** DeliveriesTab is what was sent in the last 90 days, newest first. */
export function DeliveriesTab() {
  const [params, setParams] = useAddress();
  const filter = filterOf(params);
  const screen = useScreen(
    NotifyDeliveriesDocument,
    { filter, after: params.get("after") },
    { kinds: ["alert", "channel"] },
  );
  const set = (key: string, value: string) =>
    setParams((old) => {
      const changed = new URLSearchParams(old);
      changed.delete("after");
      if (value) changed.set(key, value);
      else changed.delete(key);
      return changed;
    });
  return (
    <Loaded screen={screen}>
      {(data) => {
        const deliveries = (data.deliveries.edges ?? []).flatMap((edge) => edge?.node ?? []);
        return (
          <Stack>
            <Group align="flex-end" gap="sm">
              <NativeSelect
                label="State"
                value={filter.states?.[0] ?? ""}
                onChange={(event) => set("state", event.currentTarget.value as DeliveryState)}
                data={[{ value: "", label: "Any" }, ...deliveryStates.map((value) => ({ value, label: words(value) }))]}
              />
              <NativeSelect
                label="What it tells"
                value={filter.kinds?.[0] ?? ""}
                onChange={(event) => set("kind", event.currentTarget.value as DeliveryKind)}
                data={[
                  { value: "", label: "Anything" },
                  ...deliveryKinds.map((value) => ({ value, label: deliveryKindWords[value] })),
                ]}
              />
              <NativeSelect
                label="To"
                value={params.get("to") ?? ""}
                onChange={(event) => set("to", event.currentTarget.value)}
                data={[{ value: "", label: "Anybody" }, ...receivers(data, params.get("to"))]}
              />
              <Button
                variant="default"
                leftSection={<IconRefresh size={16} aria-hidden />}
                loading={screen.fetching}
                onClick={screen.refresh}
              >
                Refresh
              </Button>
            </Group>
            {deliveries.length === 0 ? (
              <Nothing narrowed={Object.keys(filter).length > 0} />
            ) : (
              <>
                <Text size="sm" c="dimmed" role="status">
                  {count(data.deliveries.totalCount, "delivery", "deliveries")}, kept for 90 days
                </Text>
                <DeliveryList deliveries={deliveries} onDone={screen.refresh} />
              </>
            )}
            <Pages next={data.deliveries.pageInfo.hasNextPage ? data.deliveries.pageInfo.endCursor : null} />
          </Stack>
        );
      }}
    </Loaded>
  );
}

/** Whom to choose from: channels, those who are told today, and who the address names. */
function receivers(data: NotifyDeliveriesQuery, wanted: string | null): { value: string; label: string }[] {
  const channels = (data.channels.edges ?? []).flatMap((edge) =>
    edge?.node ? { value: edge.node.id, label: edge.node.name } : [],
  );
  const all = [...channels, ...data.digestSettings.addresses.map((address) => ({ value: address, label: address }))];
  if (wanted && !all.some(({ value }) => value === wanted)) {
    all.push({ value: wanted, label: wanted.includes("@") ? wanted : "A channel that was removed" });
  }
  return all;
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  return narrowed ? (
    <Empty icon={IconFilterOff} title="No delivery matches">
      There may be others: nothing matches all that is chosen above.
    </Empty>
  ) : (
    <Empty icon={IconSend} title="Nothing was sent yet">
      Whatever goes to a recipient or a channel is listed here, with each attempt. Send a test from Recipients or
      Channels to see it work.
    </Empty>
  );
}
