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
export async function scrollFields(page: Page, last: string): Promise<string> {
  const found = await page.evaluate(async (name) => {
    const scroller = document.scrollingElement ?? document.documentElement;
    const frames: number[] = [];
    let before = performance.now();
    const started = before;
    // The list grows as one scrolls, page by page, until its last field shows.
    while (!document.body.textContent.includes(name) && before - started < 120_000) {
      scroller.scrollTop += 600;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - before);
      before = now;
    }
    frames.sort((a, b) => a - b);
    const at = (part: number) => frames[Math.min(frames.length - 1, Math.floor(frames.length * part))] ?? 0;
    return {
      seconds: (before - started) / 1000,
      frames: frames.length,
      p50: at(0.5),
      p95: at(0.95),
      most: at(1),
      elements: document.querySelectorAll("main *").length,
      reached: document.body.textContent.includes(name),
    };
  }, last);
  if (!found.reached) throw new Error(`scrolling never reached ${last}`);
  return (
    `5,000 fields to the end in ${found.seconds.toFixed(1)} s: ${found.frames} frames, p50 ${found.p50.toFixed(1)} ms, ` +
    `p95 ${found.p95.toFixed(1)} ms, most ${found.most.toFixed(0)} ms; ${found.elements} elements in the page`
  );
}
