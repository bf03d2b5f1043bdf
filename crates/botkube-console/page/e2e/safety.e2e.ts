// Nothing that is written becomes markup or script; a still shows, and does nothing.

import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import type { Page } from "playwright-core";
import { Fake } from "./fake.ts";
import { ATTACKS, attack, form, gallery } from "./gallery.ts";
import { stage, theBrowser, Visit } from "./visit.ts";

stage();

/** What of the document did not come from the page itself. */
const foreign = (page: Page) =>
  page.evaluate(() => {
    const known =
      /^(html|head|meta|title|link|script|body|noscript|bk-[a-z]+|nav|main|header|dialog|div|section|span|p|a|h[1-4]|button|bdi|time|ul|ol|li|dl|dt|dd|code|pre|strong|em|del|label|input|textarea|kbd|svg|path|rect|circle)$/;
    return [...document.querySelectorAll("*")].flatMap((element) => {
      const { localName } = element;
      const scripts = localName === "script" && !["/app.js", null].includes(element.getAttribute("src"));
      const attributes = [...element.attributes].filter(
        ({ name, value }) =>
          /^on|^srcdoc|^formaction/.test(name) || (name === "href" && element.matches("a, area, svg *") && !/^(https?:|mailto:)/.test(value)),
      );
      return known.test(localName) && !scripts && !attributes.length ? [] : [element.outerHTML];
    });
  });

const pwned = (page: Page) => page.evaluate(() => (window as unknown as { pwned?: number }).pwned);

test("no text in any field of a message becomes markup, script or a link", async () => {
  const visit = await Visit.begin();
  await visit.say("attack");
  await expect.poll(() => visit.entries.count()).toBe(ATTACKS.length + 1);
  for (const [at, text] of ATTACKS.entries()) {
    const entry = visit.entries.nth(at + 1);
    await entry.scrollIntoViewIfNeeded();
    expect(await entry.locator("h2").textContent(), text).not.toBe("");
    for (const select of await entry.locator("bk-select > button").all()) {
      await select.click();
      await visit.page.getByRole("option").first().waitFor();
      expect(await foreign(visit.page)).toEqual([]);
      await visit.page.keyboard.press("Escape");
    }
  }
  expect(await foreign(visit.page)).toEqual([]);
  expect(await pwned(visit.page)).toBe(undefined);
});

test("no text that is typed becomes markup or script", async () => {
  const visit = await Visit.begin();
  for (const text of ATTACKS.slice(0, 8)) await visit.ask(text.replaceAll("\n", " "));
  expect(await foreign(visit.page)).toEqual([]);
  expect(await pwned(visit.page)).toBe(undefined);
});

test("no name of a channel, a cluster or a person becomes markup or script", async () => {
  const channels = ATTACKS.map((text) => ({ alias: text, name: text, executors: [text], notifications: true }));
  const fake = await Fake.start(channels);
  onTestFinished(() => fake.stop());
  const page = await theBrowser().newPage();
  onTestFinished(() => page.close());
  await page.goto(fake.url);
  for (const [at, text] of ATTACKS.entries()) {
    const dialog = page.getByRole("dialog");
    if (at) await page.getByTitle("Change your name").click();
    await dialog.getByRole("textbox").fill(text.slice(0, 60).replaceAll("\n", " "));
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.locator(".channel").nth(at).click();
    await page.getByRole("textbox", { name: /^Message/ }).fill("echo hi");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("bk-entry").count()).toBe(2);
    expect(await foreign(page)).toEqual([]);
    expect(await pwned(page)).toBe(undefined);
  }
}, 60_000);

/** The page in one document, as `botkube message render --as html` writes it. */
function still(entries: unknown[]): string {
  const dist = (name: string) => readFileSync(new URL(`../dist/${name}`, import.meta.url), "utf8");
  const data = JSON.stringify(entries).replaceAll("<", "\\u003c");
  const document = dist("index.html")
    .replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${dist("app.css")}</style>`)
    .replace(/<script type="module"[^>]*><\/script>/, () => `<script type="application/json" id="still">${data}</script><script type="module">${dist("app.js")}</script>`);
  const folder = mkdtempSync(join(tmpdir(), "still-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "still.html"), document);
  return pathToFileURL(join(folder, "still.html")).href;
}

test("a still shows its entries, and its controls cannot be used", async () => {
  const by = { id: "bot", name: "Botkube", bot: true };
  const entries = [gallery, form, attack(ATTACKS[0]!)].map((message, at) => ({ id: String(at), revision: at + 1, at: Date.now(), by, header: "`gallery`", message }));
  const page = await theBrowser().newPage();
  onTestFinished(() => page.close());
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(still(entries));
  await expect.poll(() => page.locator("bk-entry").count()).toBe(3);
  const first = page.locator("bk-entry").first();
  await first.getByRole("button", { name: "Refresh" }).waitFor();
  for (const name of ["Refresh", "Restart", "Open a form", /^Order by/, /^Sources/]) {
    expect(await first.getByRole("button", { name }).isDisabled()).toBe(true);
  }
  expect(await first.getByRole("textbox", { name: "Filter" }).isDisabled()).toBe(true);
  expect(await page.locator("#composer").count()).toBe(0);
  expect(sockets).toEqual([]);
  expect(requests.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
  expect(await pwned(page)).toBe(undefined);
});
