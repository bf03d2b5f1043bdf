// The page can be used by everybody, in light and dark and on a narrow screen; and pictures of it for people to look at,
// in `shots` or wherever SHOTS says.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { stage, Visit } from "./visit.ts";

stage();

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = process.env["SHOTS"] ?? new URL("shots", import.meta.url).pathname;

const shot = (page: Page, name: string) => page.screenshot({ path: `${SHOTS}/${name}.png`, animations: "disabled" });

/** What axe finds, in words. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: unknown): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, width, height] of [["wide", 1280, 860], ["narrow", 320, 640]] as const) {
    test(`axe finds nothing in ${colorScheme} and ${size}`, async () => {
      const visit = await Visit.begin({ colorScheme, viewport: { width, height }, reducedMotion: "reduce" });
      const { page } = visit;
      await visit.ask("sys top");
      await visit.say("no");
      const watch = await visit.ask("sys watch");
      await shot(page, `chat-${colorScheme}-${size}`);
      expect(await findings(page)).toEqual([]);
      await watch.getByRole("button", { name: /^Cancel/ }).click();

      const answer = await visit.ask("gallery");
      await page.mouse.move(width / 2, 20);
      expect(await findings(page)).toEqual([]);
      await page.setViewportSize({ width, height: 1500 });
      await shot(page, `gallery-${colorScheme}-${size}`);
      await page.setViewportSize({ width, height });

      await answer.getByRole("button", { name: /^Sources/ }).click();
      await page.getByRole("listbox").waitFor();
      expect(await findings(page)).toEqual([]);
      await shot(page, `menu-${colorScheme}-${size}`);
      await page.keyboard.press("Escape");

      await answer.getByRole("button", { name: "Open a form" }).click();
      await page.getByRole("dialog").waitFor();
      expect(await findings(page)).toEqual([]);
      await shot(page, `form-${colorScheme}-${size}`);
      await page.keyboard.press("Escape");

      await visit.composer.pressSequentially("s");
      await page.getByRole("listbox", { name: "Completions" }).waitFor();
      expect(await findings(page)).toEqual([]);
      await page.keyboard.press("Escape");

      if (size === "narrow") {
        await page.getByRole("button", { name: "Channels" }).click();
        await page.getByRole("navigation", { name: "Channels" }).waitFor();
        expect(await findings(page)).toEqual([]);
        await shot(page, `channels-${colorScheme}-${size}`);
        await page.keyboard.press("Escape");
        await expect.poll(() => page.getByRole("navigation", { name: "Channels" }).count()).toBe(0);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    }, 60_000);
  }
}

test("what was chosen of light and dark outlives a reload", async () => {
  const { page } = await Visit.begin();
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole("button", { name: "Colours: as the system" }).click();
  await page.getByRole("button", { name: "Colours: light" }).click();
  await page.getByRole("button", { name: "Colours: dark" }).waitFor();
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await ground()).toBe(dark);
});
