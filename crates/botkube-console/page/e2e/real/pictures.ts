// The pictures of the page in the README, taken of the real agent: `npm run pictures` writes them to docs/images, or
// wherever PICTURES says.

import { mkdirSync, statSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BrowserContextOptions } from "playwright-core";
import { stageBrowser, Visit } from "../visit.ts";
import { Botkube } from "./botkube.ts";

const FOLDER = process.env["PICTURES"] ?? new URL("../../../../../docs/images", import.meta.url).pathname;
const LARGEST = 150_000;

stageBrowser();
let botkube: Botkube;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  botkube = await Botkube.start({ "botkube/echo": {}, "botkube/sys": { rows: 3 }, "dev/gallery": {} }, ["alerts", "deploys", "ops"]);
});
afterAll(() => botkube?.end());

async function visit(name: string, channel: string, options: BrowserContextOptions): Promise<Visit> {
  const visit = await Visit.at(await botkube.link(), { deviceScaleFactor: 1.2, reducedMotion: "reduce", ...options }, undefined, name);
  await visit.page.locator(".channel").filter({ hasText: channel }).evaluate((button: HTMLElement) => button.click());
  await visit.page.getByRole("heading", { name: channel }).first().waitFor();
  return visit;
}

/** Takes a picture that is as high as what was said in the channel. */
async function take({ page }: Visit, name: string): Promise<void> {
  const height = await page.evaluate(() => {
    const log = document.querySelector("[role=log]")!;
    const [first, last] = [log.querySelector("bk-entry")!, [...log.querySelectorAll("bk-entry")].at(-1)!];
    return innerHeight - log.clientHeight + last.getBoundingClientRect().bottom - first.getBoundingClientRect().top + 60;
  });
  await page.setViewportSize({ width: page.viewportSize()!.width, height: Math.round(height) });
  await expect.poll(() => page.evaluate(() => document.querySelector("[role=log]")!.scrollTop)).toBeLessThan(1);
  const path = `${FOLDER}/${name}.png`;
  await page.mouse.move(0, 0);
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  expect(statSync(path).size).toBeLessThan(LARGEST);
}

test("a channel where two people work, in light", async () => {
  const grace = await visit("Grace Hopper", "ops", {});
  const ada = await visit("Ada Lovelace", "ops", { colorScheme: "light", viewport: { width: 1000, height: 900 } });
  await ada.ask("echo hello");
  const top = await grace.ask("sys top --by memory");
  await top.getByRole("button", { name: "Refresh" }).waitFor();
  const watch = await ada.ask("sys watch 1 --by memory");
  await watch.getByText("0:03").waitFor();
  await take(ada, "console-light");
  await watch.getByRole("button", { name: /^Cancel/ }).click();
});

test("messages of plugins, with a menu that is open, in dark", async () => {
  const ada = await visit("Ada Lovelace", "deploys", { colorScheme: "dark", viewport: { width: 1000, height: 1200 } });
  await ada.ask("gallery both");
  const sources = await ada.ask("gallery multiselect");
  await ada.ask("gallery buttons");
  await sources.getByRole("button", { name: /^Sources/ }).click();
  await ada.page.getByRole("option", { name: "Errors" }).click();
  await take(ada, "console-dark");
});

test("a phone", async () => {
  const ada = await visit("Ada Lovelace", "alerts", { colorScheme: "light", viewport: { width: 400, height: 800 } });
  await ada.ask("gallery both");
  const watch = await ada.ask("sys watch 1 --by memory");
  await watch.getByText("0:02").waitFor();
  await take(ada, "console-narrow");
  await watch.getByRole("button", { name: /^Cancel/ }).click();
});
