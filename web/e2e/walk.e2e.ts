import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { launch, openTab, photograph } from "./browser";
import { readWorld } from "./world";

const world = readWorld();

/** Somebody who knows nothing but what stands on the screen, and counts what they do. */
class Newcomer {
  readonly steps: string[] = [];

  constructor(private page: Page) {}

  async opens(url: string, what: string) {
    this.did(`open ${what}`);
    await this.page.goto(url);
  }

  async presses(text: string) {
    this.did(`press “${text}”`);
    await this.byText(text).click();
  }

  async enters(label: string, value: string) {
    this.did(`enter ${label}`);
    await this.page.getByLabel(label).fill(value);
  }

  /** Clicks a box in the row of a table that begins with a text, under a column's title. */
  async switches(row: string, column: string) {
    this.did(`switch “${column}” of ${row}`);
    const table = this.page.getByRole("table").filter({ hasText: column }).first();
    const titles = await table.getByRole("columnheader").allInnerTexts();
    const at = titles.findIndex((title) => title.trim().toLowerCase() === column.toLowerCase());
    await table
      .getByRole("row")
      .filter({ hasText: row })
      .first()
      .locator("td, th")
      .nth(at)
      .getByRole("checkbox")
      .click();
  }

  private byText(text: string): Locator {
    const { page } = this;
    return page
      .getByRole("button", { name: text })
      .or(page.getByRole("link", { name: text }))
      .first();
  }

  private did(step: string) {
    this.steps.push(step);
  }
}

it("reaches the first live alert from the printed link", async () => {
  const browser = await launch(world);
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: "reduce" });
  const ui = await openTab(context);
  const crm = await openTab(context);
  const here = new Newcomer(ui.page);
  const there = new Newcomer(crm.page);

  await here.opens(world.ownerLink, "the printed link");
  await here.enters("Name", "Olga Owner");
  await here.enters("E-mail", "olga@example.com");
  await here.presses("Sign in");
  await here.presses("Connect a CRM");
  await ui.page.getByRole("link", { name: "Choose Salesforce" }).waitFor();
  await photograph(world, ui.page, "walk-1-connect", false);
  await here.presses("Choose Salesforce");
  await here.presses("Start");
  await here.presses("Approve");
  await ui.page
    .getByText("8 of 8 objects checked")
    .or(ui.page.getByText(/(\d+) of \1 objects checked/))
    .first()
    .waitFor({ timeout: 60_000 });
  await photograph(world, ui.page, "walk-2-checked", false);

  await there.opens(`${world.simulator}/sim/`, "the printed address of the simulators");
  await there.switches("Lead", "Read");
  await here.presses("Check again");
  const toast = ui.page.getByRole("alert").filter({ hasText: /Lead/ }).first();
  await toast.waitFor({ timeout: 60_000 });
  await ui.page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished)));
  await photograph(world, ui.page, "walk-3-alert", false);
  const steps = [...here.steps, ...there.steps];
  console.log(
    `${steps.length} actions:\n  ${[...here.steps.slice(0, -1), ...there.steps, here.steps.at(-1)].join("\n  ")}`,
  );
  expect(steps.length).toBeLessThanOrEqual(15);

  await toast.getByRole("link").click();
  await ui.page.getByRole("heading", { level: 1 }).filter({ hasText: /Lead/ }).waitFor();
  await photograph(world, ui.page, "walk-4-what-to-do", false);
  expect(ui.problems).toEqual([]);
  await browser.close();
});
