import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import type { World } from "./world";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A tab, with everything it did and that went wrong in it. */
export interface Tab {
  page: Page;
  /** The names of the GraphQL operations that were posted since the last take(). */
  take(): string[];
  /** What went wrong: script errors, violations of the Content-Security-Policy, requests to other hosts. */
  problems: string[];
}

export async function launch(world: World): Promise<Browser> {
  return chromium.launch({
    executablePath: world.chromium,
    // Nothing but this machine exists: what a page asks of others fails, and is noted.
    args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
  });
}

export async function openTab(context: BrowserContext): Promise<Tab> {
  const page = await context.newPage();
  let operations: string[] = [];
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["127.0.0.1", "localhost"].includes(url.hostname) && url.protocol.startsWith("http")) {
      problems.push(`asked another host: ${request.url()}`);
    }
    if (url.pathname === "/graphql" && request.method() === "POST") {
      operations.push((request.postDataJSON() as { operationName?: string }).operationName ?? "?");
    }
  });
  const take = () => {
    const taken = operations;
    operations = [];
    return taken;
  };
  return { page, take, problems };
}

/** Signs in by a bearer token, as the page /signin/token keeps it. */
export async function actAs(context: BrowserContext, token: string) {
  await context.addInitScript((value) => sessionStorage.setItem("fieldwarden-token", value), token);
}

/** Waits until the page has what it asked for and is up to date. */
export async function settled(page: Page) {
  await page.waitForSelector('[data-live="LIVE"]', { timeout: 30_000 });
  await page.waitForFunction(() => document.querySelector('[aria-label="Loading"]') === null, undefined, {
    timeout: 30_000,
  });
  await page.waitForLoadState("networkidle");
}

/** The violations of WCAG 2.2 AA that axe finds, one line each. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run(context: Document, options: object): Promise<AxeResult> } }).axe;
    interface AxeResult {
      violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[];
    }
    const found = await axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return found.violations.flatMap((violation) =>
      violation.nodes.map(
        (node) => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary ?? violation.help}`,
      ),
    );
  });
}

/** Takes a picture of the whole page, or of the window where the page draws only what the window shows. */
export async function photograph(world: World, page: Page, name: string, fullPage = true) {
  mkdirSync(world.artifacts, { recursive: true });
  await page.screenshot({ path: join(world.artifacts, `${name}.png`), fullPage });
}

/** No page scrolls sideways, whatever its width. */
export async function expectFits(page: Page, name: string) {
  const [needs, has] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect.soft(needs, `${name} is wider than the window`).toBeLessThanOrEqual(has);
}
