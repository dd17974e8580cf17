import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { NotFound } from "./NotFound";

it("leads back to the integrations", () => {
  renderScreen(NotFound, {});
  expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("There is no such page");
  expect(screen.getByRole("link", { name: "Go to the integrations" })).toHaveAttribute("href", "/");
  expect(document.title).toBe("There is no such page · Fieldwarden");
});
