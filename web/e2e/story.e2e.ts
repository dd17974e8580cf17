import { expect, it } from "vitest";
import { launch, openTab, photograph, settled } from "./browser";
import { readWorld, setField } from "./world";

const world = readWorld();
const patience = 120_000;

it("connects, decides, standardizes, syncs, and tells what was lost and how to get it back", async () => {
  const browser = await launch(world);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  const { page, problems } = await openTab(context);
  const button = (name: string | RegExp) => page.getByRole("button", { name }).first();
  const link = (name: string | RegExp) => page.getByRole("link", { name }).first();

  // Sign in, connect: the CRM asks for consent and sends the browser back.
  await page.goto(world.ownerLink);
  await page.getByLabel("Name").fill("Olga Owner");
  await page.getByLabel("E-mail").fill("olga@example.com");
  await button("Sign in").click();
  await link("Connect a CRM").click();
  await link("Choose Salesforce").click();
  await button("Start").click();
  await button("Approve").click();
  await page
    .getByText(/(\d+) of \1 objects checked/)
    .first()
    .waitFor({ timeout: patience });
  await photograph(world, page, "story-1-checked");
  const integration = new URL(page.url()).pathname.split("/")[2];
  const at = (path: string) => `${world.url}/integrations/${integration}/${path}`;

  // Settings: what is proposed, and a choice that only people can make. A reload loses nothing.
  await page.goto(at("settings?from=onboarding"));
  await button(/Enter what is proposed/).click();
  await page
    .getByRole("combobox", { name: /At which stage/ })
    .or(page.getByRole("textbox", { name: /At which stage/ }))
    .first()
    .click();
  await page.getByRole("option").first().click();
  await page.getByText(/\d+ changes?, not saved/).waitFor();
  await page.reload();
  await page.getByText(/\d+ changes?, not saved/).waitFor();
  await button("Review and save").click();
  await button(/^Save \d+ change/).click();
  await page.getByText(/\d+ changes?, not saved/).waitFor({ state: "detached", timeout: patience });
  await photograph(world, page, "story-2-settings");
  await button("Complete this step").click();
  await page.getByText("The step is complete.").first().waitFor();

  await page.goto(at("standardization?from=onboarding"));
  await button("Complete standardization").click();
  await page.getByText("Standardization is complete.").first().waitFor();
  await photograph(world, page, "story-3-standardized");

  // Finish: the first run moves before one's eyes.
  await page.goto(at("onboarding?step=REVIEW"));
  await button("Finish").click();
  await page.waitForURL(at("").replace(/\/$/, ""));
  await page.goto(at("runs"));
  const read = page.getByText(/[1-9][\d,]* read/).first();
  await read.waitFor({ timeout: patience });
  await photograph(world, page, "story-4-run");
  await page.getByText("Succeeded").first().waitFor({ timeout: patience });

  // A field is switched off in the CRM. Opening its object asks the CRM; the loss is confirmed, then told: no reload.
  await page.goto(at("data-sync/Contact?field=Email"));
  await settled(page);
  await setField(world, "salesforce", "Contact", "Email", false);
  await button("Re-check this field").click();
  const toast = page.getByRole("alert").filter({ hasText: "Email" }).first();
  await toast.waitFor({ timeout: patience });
  await expect.poll(() => page.getByTestId("unread").textContent(), { timeout: patience }).toBe("1");
  await page.getByText("Error (Standardized)").first().waitFor({ timeout: patience });
  await photograph(world, page, "story-5-lost", false);

  // What to do stands there: cause, what breaks, steps.
  await toast.getByRole("link").click();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: "Email" }).waitFor();
  await page
    .getByText(/Who can do it/)
    .first()
    .waitFor();
  await photograph(world, page, "story-6-fix", false);

  // Repaired in the CRM, and seen to be: on this very page.
  await setField(world, "salesforce", "Contact", "Email", true);
  await button("Check again now").click();
  await page.getByText("Resolved").first().waitFor({ timeout: patience });
  await photograph(world, page, "story-7-resolved", false);
  expect(problems).toEqual([]);
  await browser.close();
});
