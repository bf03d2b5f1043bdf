// A thousand entries are there at once and scroll smoothly. The limits are wide: what they catch is not noise.

import { expect, test } from "vitest";
import { stage, Visit } from "./visit.ts";

stage();

test("a thousand entries stay smooth", async () => {
  const visit = await Visit.begin();
  await visit.say("fill 1000");
  await expect.poll(() => visit.entries.count(), { timeout: 20_000 }).toBe(1000);
  const other = await visit.context.newPage();
  await other.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector("bk-entry .content")) return;
      observer.disconnect();
      Object.assign(window, { first: performance.now() });
    }).observe(document, { childList: true, subtree: true });
  });
  await other.goto(visit.page.url());
  await other.waitForFunction(() => "first" in window);
  const first = await other.evaluate(() => {
    const [page] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    return (window as unknown as { first: number }).first - page!.domContentLoadedEventEnd;
  });
  await other.close();

  const frames = await visit.page.evaluate(async () => {
    const log = document.querySelector<HTMLElement>("[role=log]")!;
    const times: number[] = [];
    let last = performance.now();
    for (let at = 0; at < 120; at += 1) {
      log.scrollTop -= 400;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      times.push(now - last);
      last = now;
    }
    return times.sort((one, other) => one - other);
  });
  const typed = await visit.page.evaluate(async () => {
    const area = document.querySelector("textarea")!;
    const times: number[] = [];
    for (const char of "echo typing") {
      const start = performance.now();
      area.focus();
      document.execCommand("insertText", false, char);
      await new Promise(requestAnimationFrame);
      times.push(performance.now() - start);
    }
    return Math.max(...times);
  });
  await visit.page.evaluate(() => (document.querySelector<HTMLElement>("[role=log]")!.scrollTop = 2000));
  const before = await visit.page.evaluate(() => document.querySelector("[role=log]")!.scrollTop);
  const window = await visit.window();
  await window.ask("echo for the chip");
  await visit.page.getByRole("button", { name: /^1 new message/ }).waitFor();
  expect(Math.abs((await visit.page.evaluate(() => document.querySelector("[role=log]")!.scrollTop)) - before)).toBeLessThan(200);
  await visit.page.getByRole("button", { name: /^1 new message/ }).click();
  await expect.poll(() => visit.last.textContent()).toContain("for the chip");
  const middle = frames[frames.length >> 1]!;
  const slow = frames[Math.floor(frames.length * 0.95)]!;
  console.info(
    `first entry ${first.toFixed(0)} ms after load; frames ${middle.toFixed(1)} ms, 95 % ${slow.toFixed(1)} ms; a typed character ${typed.toFixed(0)} ms`,
  );
  expect(first).toBeLessThan(400);
  expect(middle).toBeLessThan(34);
  expect(slow).toBeLessThan(150);
  expect(typed).toBeLessThan(150);
}, 60_000);

test("being at the end stays so while messages come and change", async () => {
  const visit = await Visit.begin();
  for (let at = 0; at < 12; at += 1) await visit.ask(`echo ${at}`);
  const isEnd = () =>
    visit.page.evaluate(() => {
      const log = document.querySelector("[role=log]")!;
      return log.scrollHeight - log.scrollTop - log.clientHeight < 4;
    });
  await expect.poll(isEnd).toBe(true);
  await visit.page.setViewportSize({ width: 700, height: 500 });
  await expect.poll(isEnd).toBe(true);
});
