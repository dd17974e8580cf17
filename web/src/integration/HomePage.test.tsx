import { screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./HomePage";
import { connection, namesOf, northwind } from "./test/data";

function answer(...nodes: unknown[]) {
  const count = (key: string, n: number) => [{ __typename: "AlertCount", key, count: n }];
  return {
    Home: { integrations: connection(...nodes), critical: count("int_1", 2), warning: count("other", 7), info: [] },
  };
}

it("leads to connecting a CRM while there is none", async () => {
  renderScreen(Component, answer());
  expect(await screen.findByRole("heading", { name: "No CRM is connected" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Connect a CRM" })).toHaveAttribute("href", "/connect");
});

it("shows how an integration is doing", async () => {
  const run = { __typename: "SyncRun", id: "run_1", status: "RUNNING", phase: "READ" };
  const { sent } = renderScreen(Component, answer({ ...northwind, activeRun: run }));
  const card = within(await screen.findByRole("article"));
  expect(card.getByRole("link", { name: "Northwind Trading" })).toHaveAttribute("href", "/integrations/int_1");
  expect(card.getByText("Salesforce · Production")).toBeVisible();
  expect(card.getByText("Active")).toBeVisible();
  expect(card.getByText("On time")).toBeVisible();
  expect(card.getByText("2 critical")).toBeVisible();
  expect(card.queryByText(/warning/)).toBeNull();
  expect(card.getByText("none is due")).toBeVisible();
  expect(card.getByRole("link", { name: "Running: read" })).toHaveAttribute("href", "/integrations/int_1/runs/run_1");
  expect(namesOf(sent)).toEqual(["Home"]);
});

it("leads to the onboarding that is not finished, and says what failed", async () => {
  renderScreen(
    Component,
    answer({
      ...northwind,
      id: "int_2",
      instance: null,
      state: "DRAFT",
      stateReason: "OAUTH_DENIED: Nobody consented.",
    }),
  );
  const card = within(await screen.findByRole("article"));
  expect(card.getByRole("link", { name: "Continue the onboarding" })).toHaveAttribute(
    "href",
    "/integrations/int_2/onboarding",
  );
  expect(card.getByText("Nobody consented.")).toBeVisible();
  expect(card.getByRole("link", { name: "OAUTH_DENIED" })).toHaveAttribute("href", "/docs/errors#OAUTH_DENIED");
});
