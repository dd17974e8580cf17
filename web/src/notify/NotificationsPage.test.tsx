import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./NotificationsPage";
import type {
  NotifyChannelFragment,
  NotifyChannelsQuery,
  NotifyDeliveriesQuery,
  NotifyDeliveryFragment,
  NotifyDigestsQuery,
  NotifyRecipientsQuery,
} from "./notify.generated";

// The cache needs to know what everything is.
const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });
const edges = <Node extends object>(type: string, nodes: readonly Node[]) =>
  nodes.map((node) => of(`${type}Edge`, { node: of(type, node) }));

const page = of("PageInfo", { hasNextPage: false, endCursor: null });
const at = (tab: string) => ({ path: "/notifications", at: `/notifications?tab=${tab}` });
const refused = (code: string, message: string) => of("UserError", { code, message, hint: "", field: [], docsUrl: "" });

function recipients(mailConfigured = true): NotifyRecipientsQuery {
  return {
    recipients: of("RecipientConnection", {
      totalCount: 1,
      pageInfo: page,
      edges: edges("Recipient", [
        {
          id: "rcp_1",
          address: "crm@example.com",
          class: "EXTERNAL" as const,
          kind: "LIST" as const,
          minSeverity: "WARNING" as const,
          createdAt: "2026-03-02T08:00:00Z",
        },
      ]),
    }),
    members: of("MemberConnection", {
      edges: edges("Member", [
        { id: "mem_1", email: "olga@example.com", name: "Olga", role: "OWNER" as const, removedAt: null },
      ]),
    }),
    digestSettings: of("DigestSettings", { mailConfigured }),
  };
}

const channel: NotifyChannelFragment = of("Channel", {
  id: "chn_1",
  kind: "WEBHOOK",
  name: "Pager",
  host: "https://hooks.example.com",
  headerNames: ["Authorization"],
  minSeverity: "INFO",
  enabled: false,
  disabledReason: "The receiver answered 410 Gone.",
  disabledAt: "2026-03-02T08:00:00Z",
  createdAt: "2026-03-01T08:00:00Z",
  lastDeliveredAt: null,
  pendingCount: 2,
});

const channels = (nodes: NotifyChannelFragment[]): NotifyChannelsQuery => ({
  channels: of("ChannelConnection", { pageInfo: page, edges: edges("Channel", nodes) }),
});

const delivery: NotifyDeliveryFragment = of("Delivery", {
  id: "dlv_1",
  createdAt: "2026-03-02T08:00:00Z",
  kind: "ALERT",
  medium: "WEBHOOK",
  address: "",
  event: "OPENED",
  state: "FAILED",
  attempts: 2,
  nextAttemptAt: null,
  deliveredAt: null,
  responseCode: 500,
  failure: "The receiver answered 500.",
  channel: of("Channel", { id: "chn_1", name: "Pager" }),
  alert: of("Alert", { id: "alr_1", title: "Contact.Email can no longer be read" }),
  digest: null,
  log: [
    of("DeliveryAttempt", {
      at: "2026-03-02T08:00:01Z",
      code: 500,
      failure: "The receiver answered 500.",
      milliseconds: 12,
    }),
  ],
});

const deliveries: NotifyDeliveriesQuery = {
  deliveries: of("DeliveryConnection", { totalCount: 1, pageInfo: page, edges: edges("Delivery", [delivery]) }),
  channels: of("ChannelConnection", { edges: edges("Channel", [{ id: "chn_1", name: "Pager" }]) }),
  digestSettings: of("DigestSettings", { addresses: ["olga@example.com"] }),
};

const settings = of("DigestSettings", {
  time: "07:00",
  zone: "UTC",
  nextAt: "2026-03-03T07:00:00Z",
  lastAt: null,
  addresses: ["olga@example.com"],
  mailConfigured: true,
});

const digests: NotifyDigestsQuery = {
  digestSettings: settings,
  digestPreview: of("DigestMail", {
    sends: true,
    subject: "1 field cannot be read",
    html: "<p>Lost</p>",
    text: "Lost: Contact.Email",
  }),
  digests: of("DigestConnection", {
    pageInfo: page,
    edges: edges("Digest", [
      {
        id: "dig_1",
        createdAt: "2026-03-02T07:00:00Z",
        localDate: "2026-03-02",
        zone: "UTC",
        lost: 1,
        resolved: 0,
        recipients: 0,
      },
    ]),
  }),
};

it("adds several recipients at once, and names each bad address", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      NotifyRecipients: recipients(false),
      NotifyAddRecipients: {
        addRecipients: of("AddRecipientsPayload", {
          recipients: null,
          userErrors: [
            refused("BAD_INPUT", '"nobody", number 1 of the addresses, is not an e-mail address.'),
            refused("BAD_INPUT", '"no one", number 2 of the addresses, is not an e-mail address.'),
          ],
        }),
      },
    },
    { path: "/notifications" },
  );
  expect(await screen.findByText(/no mail server/)).toBeVisible();
  expect(screen.getByText(/Told in any case/)).toHaveTextContent("Olga (olga@example.com)");
  await user.type(screen.getByRole("textbox", { name: "Addresses" }), "nobody, no one");
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(await screen.findByText(/"nobody", number 1/)).toBeVisible();
  expect(screen.getByText(/"no one", number 2/)).toBeVisible();
  expect(sent.at(-1)?.variables).toMatchObject({ addresses: "nobody, no one", class: "EXTERNAL", kind: "PERSON" });
});

it("says why the last recipient of the customer stays", async () => {
  const user = userEvent.setup();
  renderScreen(
    Component,
    {
      NotifyRecipients: recipients(),
      NotifyRemoveRecipient: {
        removeRecipient: of("RemoveRecipientPayload", {
          removedRecipientId: null,
          userErrors: [refused("RECIPIENT_REQUIRED", "The last EXTERNAL recipient stays.")],
        }),
      },
    },
    { path: "/notifications" },
  );
  await user.click(await screen.findByRole("button", { name: "Remove crm@example.com" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Remove" }));
  expect(await within(dialog).findByText("The last EXTERNAL recipient stays.")).toBeVisible();
});

it("tells at once how a test went", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      NotifyChannels: channels([channel]),
      NotifyTest: {
        testChannel: of("TestChannelPayload", { delivery: { ...delivery, kind: "TEST" }, userErrors: [] }),
      },
    },
    at("channels"),
  );
  expect(await screen.findByText(/The receiver answered 410 Gone/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Send a test to Pager" }));
  expect(await screen.findByText("The receiver answered 500.")).toBeVisible();
  expect(sent.find(({ name }) => name === "NotifyTest")?.variables).toMatchObject({
    channelId: "chn_1",
    recipientId: null,
  });
});

it("shows the signing secret of a new webhook once, and keeps its address in no draft", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      NotifyChannels: channels([]),
      NotifyCreateChannel: {
        createChannel: of("CreateChannelPayload", {
          channel: { ...channel, enabled: true },
          signingSecret: "whsec_abc",
          userErrors: [],
        }),
      },
    },
    at("channels"),
  );
  await user.click(await screen.findByRole("button", { name: "Add a channel" }));
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "Pager");
  await user.type(screen.getByRole("textbox", { name: "Address" }), "https://hooks.example.com/x");
  expect(JSON.stringify(sessionStorage)).not.toContain("hooks.example.com");
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(await screen.findByTestId("secret")).toHaveTextContent("whsec_abc");
  expect(sent.find(({ name }) => name === "NotifyCreateChannel")?.variables).toMatchObject({
    kind: "WEBHOOK",
    name: "Pager",
    url: "https://hooks.example.com/x",
    headers: [],
  });
  await user.click(screen.getByRole("button", { name: "I have kept it" }));
  await waitFor(() => expect(screen.queryByTestId("secret")).toBeNull());
});

it("lists deliveries by what the address says, with their attempts, and sends one again", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      NotifyDeliveries: deliveries,
      NotifyReplay: {
        replayDelivery: of("ReplayDeliveryPayload", { delivery: { ...delivery, state: "PENDING" }, userErrors: [] }),
      },
    },
    { path: "/notifications", at: "/notifications?tab=deliveries&state=FAILED&to=chn_1" },
  );
  expect(await screen.findByRole("link", { name: "Contact.Email can no longer be read" })).toBeVisible();
  expect(sent[0]?.variables["filter"]).toEqual({ states: ["FAILED"], channelId: "chn_1" });
  const attempts = screen.getByRole("button", { name: "Attempts to reach Pager" });
  await user.click(attempts);
  expect(attempts).toHaveAttribute("aria-expanded", "true");
  await user.click(screen.getByRole("button", { name: "Send again to Pager" }));
  expect(await screen.findByText("It is sent to Pager again.")).toBeVisible();
  expect(sent.find(({ name }) => name === "NotifyReplay")?.variables).toMatchObject({ deliveryId: "dlv_1" });
});

it("says when the digest goes out and why it cannot be switched off, and changes its time only", async () => {
  const user = userEvent.setup();
  const { sent } = renderScreen(
    Component,
    {
      NotifyDigests: digests,
      NotifySetDigestTime: {
        setDigestTime: of("SetDigestTimePayload", { settings: { ...settings, zone: "Europe/Berlin" }, userErrors: [] }),
      },
    },
    at("digests"),
  );
  expect(await screen.findByText(/cannot be switched off/)).toBeVisible();
  expect(screen.getByTitle("Mail: 1 field cannot be read")).toHaveAttribute(
    "sandbox",
    "allow-same-origin allow-popups allow-popups-to-escape-sandbox",
  );
  expect(screen.getByRole("link", { name: /March 2, 2026/ })).toHaveAttribute("href", "/notifications/digests/dig_1");
  await user.click(screen.getByRole("radio", { name: "As text" }));
  expect(screen.getByText("Lost: Contact.Email")).toBeVisible();
  await user.selectOptions(screen.getByLabelText("Time zone"), "Europe/Berlin");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("The digest goes out at 07:00, Europe/Berlin.")).toBeVisible();
  expect(sent.find(({ name }) => name === "NotifySetDigestTime")?.variables).toMatchObject({
    time: "07:00",
    zone: "Europe/Berlin",
  });
});

it("lets a viewer look and change nothing", async () => {
  renderScreen(
    Component,
    { NotifyRecipients: recipients() },
    { path: "/notifications", viewer: { role: "VIEWER", scopes: ["READ"] } },
  );
  expect(await screen.findByText(/only an owner or an admin can change it/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Remove crm@example.com" })).toBeDisabled();
});
