// How long a person waits, from a browser to the real agent and back. What is measured is printed as a line of JSON that
// begins with `bench`; only what nobody would put up with fails.

import { expect, test } from "vitest";
import { stageBrowser, Visit } from "../visit.ts";
import { stageBotkube } from "./botkube.ts";

stageBrowser();
const botkube = stageBotkube();

const ROUNDS = 20;
const UNBEARABLE = 2000;

const median = (times: number[]) => times.toSorted((one, other) => one - other)[times.length >> 1]!;
const rounded = (ms: number) => Math.round(ms * 10) / 10;

test("a line is answered, and a page filled, before one wonders", async () => {
  const visit = await Visit.at(await botkube().link());
  const { page } = visit;
  await visit.ask("echo to have everything started");
  const answers: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await visit.composer.fill(`echo round ${round}`);
    // In the page, so that only the page's and the agent's time counts: from the key to the frame that shows the answer.
    const answered = page.evaluate(
      (text) =>
        new Promise<number>((resolve) => {
          let pressed = 0;
          document.addEventListener("keydown", () => (pressed = performance.now()), { once: true, capture: true });
          const look = () => {
            const last = [...document.querySelectorAll("bk-entry")].at(-1);
            if (pressed && last?.querySelector("pre")?.textContent?.includes(text)) resolve(performance.now() - pressed);
            else requestAnimationFrame(look);
          };
          look();
        }),
      `round ${round}`,
    );
    await visit.composer.press("Enter");
    answers.push(await answered);
  }
  const loads: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const window = await visit.context.newPage();
    await window.addInitScript(() => {
      const watch = new MutationObserver(() => {
        if (!document.querySelector("bk-entry pre")) return;
        (globalThis as unknown as { first: number }).first = performance.now();
        watch.disconnect();
      });
      watch.observe(document, { childList: true, subtree: true });
    });
    await window.goto(botkube().url);
    await window.waitForFunction(() => "first" in globalThis);
    loads.push(
      await window.evaluate(() => {
        const [load] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
        return Math.max(0, (globalThis as unknown as { first: number }).first - load!.domContentLoadedEventEnd);
      }),
    );
    await window.close();
  }
  const bench = { answerMs: rounded(median(answers)), firstMessageAfterLoadMs: rounded(median(loads)), rounds: ROUNDS };
  console.info(`bench ${JSON.stringify(bench)}`);
  expect(bench.answerMs).toBeLessThan(UNBEARABLE);
  expect(bench.firstMessageAfterLoadMs).toBeLessThan(UNBEARABLE);
}, 60_000);
