import type { Page } from "playwright-core";

/** The scripts of a first visit, in bytes as they are sent. */
export async function firstLoad(page: Page, url: string): Promise<{ files: number; bytes: number }> {
  const sizes: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    if (request.resourceType() === "script") sizes.push(request.sizes().then((size) => size.responseBodySize));
  });
  await page.goto(url);
  await page.waitForLoadState("networkidle");
  const all = await Promise.all(sizes);
  return { files: all.length, bytes: all.reduce((sum, size) => sum + size, 0) };
}

/** When something was first seen, in a line. */
export async function paints(page: Page): Promise<string> {
  const found = await page.evaluate(() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
    loaded:
      (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined)?.loadEventEnd ?? 0,
  }));
  return `first paint ${found.paint.toFixed(0)} ms, loaded ${found.loaded.toFixed(0)} ms`;
}

/** Scrolls the list of fields to its end, wheel turn by wheel turn, and tells how smooth it was. */
export async function scrollFields(page: Page): Promise<string> {
  const list = page.getByTestId("field-list");
  await list.waitFor();
  const found = await list.evaluate(async (element) => {
    const scroller = element as HTMLElement;
    const frames: number[] = [];
    let last = performance.now();
    let reached = 0;
    let waited = 0;
    // Up to the end of all pages: the list grows as one scrolls.
    while (waited < 300) {
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - last);
      last = now;
      const before = scroller.scrollTop;
      scroller.scrollTop += 600;
      waited = scroller.scrollTop === before ? waited + 1 : 0;
      reached = scroller.scrollTop;
    }
    frames.sort((a, b) => a - b);
    const at = (part: number) => frames[Math.min(frames.length - 1, Math.floor(frames.length * part))] ?? 0;
    return {
      frames: frames.length,
      p50: at(0.5),
      p95: at(0.95),
      most: at(1),
      reached,
      rows: scroller.querySelectorAll("[data-index]").length,
    };
  });
  return (
    `5,000 fields: ${found.frames} frames, p50 ${found.p50.toFixed(1)} ms, p95 ${found.p95.toFixed(1)} ms, most ${found.most.toFixed(0)} ms; ` +
    `scrolled ${found.reached} px; ${found.rows} rows in the document`
  );
}
