import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./ConnectPage";
import { connection, northwind, salesforce } from "./test/data";

const marketo = { ...salesforce, name: "marketo", title: "Marketo", kind: "MAP" };
const broken = {
  ...salesforce,
  name: "broken",
  title: "Broken",
  status: "UNTRUSTED",
  problem: {
    __typename: "Problem",
    code: "CONNECTOR_CHECKSUM",
    message: "Its file has another checksum.",
    hint: "Ask the operator.",
    docsUrl: "/",
  },
};

function card(name: string) {
  const found = screen.getByRole("heading", { name }).closest("article");
  if (!found) throw new Error(`no card of ${name}`);
  return within(found);
}

it("offers what can be connected, and explains what cannot", async () => {
  renderScreen(Component, { Connect: { connectors: [salesforce, marketo, broken], integrations: connection() } });
  await screen.findByRole("heading", { name: "Salesforce" });
  expect(card("Salesforce").getByRole("link", { name: "Choose Salesforce" })).toHaveAttribute(
    "href",
    "/connect/salesforce?environment=PRODUCTION",
  );
  expect(card("Marketo").getByText(/is marketing automation, not a CRM/)).toBeVisible();
  expect(card("Marketo").queryByRole("link", { name: /Choose/ })).toBeNull();
  expect(card("Broken").getByText("Its file has another checksum.")).toBeVisible();
  expect(card("Broken").queryByRole("link", { name: /Choose/ })).toBeNull();
});

it("keeps the environment in the address, and says what is connected already", async () => {
  const { router } = renderScreen(Component, {
    Connect: { connectors: [salesforce], integrations: connection(northwind) },
  });
  await screen.findByRole("heading", { name: "Salesforce" });
  expect(screen.getByRole("link", { name: "Northwind Trading" })).toHaveAttribute("href", "/integrations/int_1");
  await userEvent.click(screen.getByRole("radio", { name: "Sandbox" }));
  expect(router.state.location.search).toBe("?environment=SANDBOX");
  expect(screen.queryByRole("link", { name: "Northwind Trading" })).toBeNull();
  expect(screen.getByRole("link", { name: "Choose Salesforce" })).toHaveAttribute(
    "href",
    "/connect/salesforce?environment=SANDBOX",
  );
});
