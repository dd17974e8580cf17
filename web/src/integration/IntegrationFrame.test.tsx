import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./IntegrationFrame";

function show(at: string) {
  return renderScreen(Component, {}, { path: "/integrations/:integrationId/*", at });
}

it("leads between the pages of an integration, and asks for nothing", () => {
  const { sent } = show("/integrations/int_1/data-sync/Contact");
  expect(screen.getByRole("link", { current: "page" })).toHaveTextContent("Data Sync");
  expect(screen.getByRole("link", { name: "Overview" })).toHaveAttribute("href", "/integrations/int_1");
  expect(screen.getAllByRole("link")).toHaveLength(6);
  expect(sent).toHaveLength(0);
});

it("marks the overview at the integration's own address", () => {
  show("/integrations/int_1/");
  expect(screen.getByRole("link", { current: "page" })).toHaveTextContent("Overview");
});

it("leads back to the onboarding that somebody came from", () => {
  show("/integrations/int_1/settings?from=onboarding");
  expect(screen.getByRole("link")).toHaveAttribute("href", "/integrations/int_1/onboarding");
});
