import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { actAs, expectFits, launch, openTab, photograph, settled, violations } from "./browser";
import { firstLoad, paints, scrollFields } from "./measure";
import { corners, type ScreenTest, screens } from "./screens";
import { readWorld, statements } from "./world";

const world = readWorld();
let browser: Browser;

beforeAll(async () => {
  browser = await launch(world);
});
afterAll(() => browser?.close());

const looks = [
  { name: "wide-light", width: 1440, height: 900, colorScheme: "light" },
  { name: "wide-dark", width: 1440, height: 900, colorScheme: "dark" },
  { name: "narrow-light", width: 360, height: 780, colorScheme: "light" },
  { name: "narrow-dark", width: 360, height: 780, colorScheme: "dark" },
] as const;

async function open(look: (typeof looks)[number], role?: string): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.colorScheme,
    reducedMotion: "reduce",
  });
  if (role) {
    const token = world.tokens[role];
    if (!token) throw new Error(`no token of ${role}`);
    await actAs(context, token);
  }
  return context;
}

async function look(screen: ScreenTest, at: (typeof looks)[number]) {
  const context = await open(at, screen.outside ? undefined : (screen.role ?? "ADMIN"));
  try {
    const tab = await openTab(context);
    await statements(world);
    await tab.page.goto(world.url + screen.path);
    await (screen.outside ? tab.page.waitForLoadState("networkidle") : settled(tab.page));
    if (screen.shows) await tab.page.getByText(screen.shows).first().waitFor();
    const asked = tab.take();
    const counted = await statements(world);
    await photograph(world, tab.page, `${screen.name}-${at.name}`, !screen.windowed);
    await expectFits(tab.page, screen.name);
    expect.soft(await violations(tab.page), `axe on ${screen.name}`).toEqual([]);
    expect.soft(tab.problems).toEqual([]);
    // The frame asks once, and the screen once; how often the feed makes it ask again is not its choice.
    const wanted = screen.outside ? [] : ["Shell", ...screen.operations];
    expect.soft([...new Set(asked)].sort()).toEqual(wanted.sort());
    for (const operation of screen.operations) {
      expect
        .soft(counted[operation] ?? 0, `SQL statements of ${operation}`)
        .toBeLessThanOrEqual(screen.statements * asked.filter((name) => name === operation).length);
    }
    console.log(`${screen.name}: ${asked.join(" + ")}; SQL ${JSON.stringify(counted)}`);
  } finally {
    await context.close();
  }
}

describe.each(looks)("$name", (at) => {
  it.each(screens(world))("$name", (screen) => look(screen, at));
});

// The corners are made of the same parts: a wide light and a narrow dark look will do.
describe.each([looks[0], looks[3]])("$name, corners", (at) => {
  it.each(corners(world))("$name", (screen) => look(screen, at));
});

describe("figures", () => {
  it("first load", async () => {
    const context = await open(looks[0], "ADMIN");
    const tab = await openTab(context);
    const load = await firstLoad(tab.page, `${world.url}/`);
    console.log(
      `first load: ${load.files} scripts, ${(load.bytes / 1024).toFixed(0)} KB gzipped; ${await paints(tab.page)}`,
    );
    expect(load.bytes).toBeLessThanOrEqual(250 * 1024);
    await context.close();
  });

  it("scrolls 5,000 fields", async () => {
    const context = await open(looks[0], "ADMIN");
    const tab = await openTab(context);
    await tab.page.goto(`${world.url}/integrations/${world.integrations["salesforce"]}/data-sync/Wide__c`);
    await settled(tab.page);
    console.log(await scrollFields(tab.page, "Field 4999"));
    expect(tab.problems).toEqual([]);
    await context.close();
  });
});

it("GraphiQL works without a network", async () => {
  const context = await browser.newContext();
  const tab = await openTab(context);
  await tab.page.goto(`${world.url}/graphiql/`);
  await tab.page.locator(".graphiql-container").waitFor();
  expect(tab.problems).toEqual([]);
  await context.close();
});
