import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { refusal, salesforce, sentOf } from "~/integration/test/data";
import { renderScreen } from "~/test/render";
import { Component } from "./ConnectorsPage";

beforeEach(() => sessionStorage.clear());

const connector = {
  ...salesforce,
  checksum: "abc123",
  crashes: 2,
  capabilities: ["READ"],
  apiTypes: [{ __typename: "ApiType", key: "rest", title: "REST API", recommendedDailyLimit: 5000 }],
  protections: [
    { __typename: "Protection", name: "private-copy", level: "ENFORCED", note: "the verified file itself" },
    { __typename: "Protection", name: "network", level: "ADVISORY", note: "nothing stops it" },
  ],
};

it("shows how a connector does and how it is confined", async () => {
  renderScreen(Component, { Connectors: { connectors: [connector] } });
  const entry = within(await screen.findByRole("region", { name: "Salesforce" }));
  expect(entry.getByText("Loaded")).toBeVisible();
  expect(entry.getByText("2 crashes since the start")).toBeVisible();
  expect(entry.getByText("1 enforced, 1 advisory")).toBeVisible();
  await userEvent.click(entry.getByRole("button", { name: "Protections of its process" }));
  expect(await entry.findByRole("row", { name: /Network Advisory nothing stops it/ })).toBeVisible();
});

it("sets the OAuth client, and keeps the secret nowhere", async () => {
  const { sent } = renderScreen(Component, {
    Connectors: { connectors: [connector] },
    SetOAuthClient: {
      setOAuthClient: {
        __typename: "SetOAuthClientPayload",
        ok: false,
        userErrors: [refusal("BAD_INPUT", "The client id is no client id.")],
      },
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Set the OAuth client" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText(/Client id/), "my-client");
  await userEvent.type(dialog.getByLabelText(/Client secret/), "hush-hush");
  await userEvent.click(dialog.getByRole("button", { name: "Save" }));
  expect(await dialog.findByText("The client id is no client id.")).toBeVisible();
  expect(sentOf(sent, "SetOAuthClient")).toEqual([
    {
      key: expect.any(String),
      connector: "salesforce",
      environment: "PRODUCTION",
      clientId: "my-client",
      clientSecret: "hush-hush",
    },
  ]);
  expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain("hush-hush");
});
