// What people do all day, against the real agent: typing, tables that are used, two persons in one channel.

import { expect, test } from "vitest";
import { stageBrowser, Visit } from "../visit.ts";
import { stageBotkube } from "./botkube.ts";

stageBrowser();
const botkube = stageBotkube();

const visit = async (name?: string) => Visit.at(await botkube().link(), {}, undefined, name);

test("a line that is typed is answered", async () => {
  const ada = await visit();
  const answer = await ada.ask("echo hello");
  expect(await answer.locator("pre").textContent()).toContain("hello");
  expect(await answer.locator(".command").textContent()).toContain("echo hello on demo");
});

test("what can be said is offered while it is typed", async () => {
  const ada = await visit();
  const options = ada.page.getByRole("listbox", { name: "Completions" });
  const texts = () => options.locator("code").allTextContents();
  await ada.composer.pressSequentially("s");
  await expect.poll(texts).toContain("sys");
  await ada.composer.pressSequentially("ys t");
  await expect.poll(texts).toContain("sys top");
  await ada.composer.press("Tab");
  expect(await ada.composer.inputValue()).toMatch(/^sys top/);
});

test("what was said comes back by arrows, after a reload too", async () => {
  const ada = await visit();
  await ada.ask("echo one");
  await ada.ask("echo two");
  await ada.page.reload();
  await ada.entries.last().locator("pre").getByText("two").waitFor();
  await ada.composer.press("ArrowUp");
  await expect.poll(() => ada.composer.inputValue()).toBe("echo two");
  await ada.composer.press("ArrowUp");
  await expect.poll(() => ada.composer.inputValue()).toBe("echo one");
});

test("a table is refreshed, ordered and searched in its place", async () => {
  const ada = await visit();
  const answer = await ada.ask("sys top");
  const table = answer.locator("pre");
  await expect.poll(() => table.textContent()).toContain("PID");
  const header = answer.locator(".command");

  await answer.getByRole("button", { name: "Refresh" }).click();
  await expect.poll(() => header.textContent()).toContain("sys top --by cpu");
  await answer.getByRole("button", { name: /^Order/ }).click();
  await ada.page.getByRole("option", { name: "pid" }).click();
  await expect.poll(() => header.textContent()).toContain("sys top --by pid");
  const pids = async () => [...((await table.textContent()) ?? "").matchAll(/^\s*(\d+) {2}/gm)].map(([, pid]) => Number(pid));
  await expect.poll(async () => (await pids()).length).toBeGreaterThan(5);
  expect(await pids()).toEqual((await pids()).toSorted((one, other) => one - other));
  await expect.poll(() => answer.getByRole("button", { name: /^Order/ }).textContent()).toMatch(/Order\s+pid/);

  const name = answer.getByRole("textbox", { name: "Name" });
  await name.fill("botkube");
  await name.press("Enter");
  await expect.poll(() => header.textContent()).toContain('sys top --by pid --name="botkube"');
  const programs = async () => ((await table.textContent()) ?? "").split("PROGRAM\n")[1]?.trim().split("\n") ?? [];
  await expect.poll(async () => (await programs()).every((line) => line.includes("botkube"))).toBe(true);
  expect((await programs()).length).toBeGreaterThan(0);
  expect(await ada.entries.locator("pre").filter({ hasText: "PID" }).count()).toBe(1);
});

test("two persons see one channel live, each under the name they gave", async () => {
  const ada = await visit();
  const grace = await visit("Grace Hopper");
  await ada.ask("echo to both of us");
  await expect.poll(() => grace.last.textContent()).toContain("to both of us");
  expect(await grace.entries.nth(-2).locator(".author").textContent()).toBe("Ada Lovelace");
  const watch = await ada.ask("sys watch 1");
  const seen = grace.page.locator(`bk-entry[data-id="${await watch.getAttribute("data-id")}"]`);
  await seen.getByText("PID").waitFor();
  const text = await seen.locator("pre").textContent();
  await expect.poll(() => seen.locator("pre").textContent(), { timeout: 10_000 }).not.toBe(text);
  await seen.getByRole("button", { name: /^Cancel/ }).click();
  await ada.page.getByText("Cancelled by Grace Hopper.").waitFor();
  await watch.getByRole("timer").waitFor({ state: "detached" });
});

test("what is for one person is seen by that person alone, in all their windows", async () => {
  const ada = await visit();
  const grace = await visit("Grace Hopper");
  const second = await ada.window();
  const answer = await ada.ask("gallery ephemeral");
  await answer.getByText("Only visible to you").waitFor();
  await expect.poll(() => second.last.textContent()).toContain("Only you see this.");
  const after = `echo after ${Date.now()}`;
  await ada.ask(after);
  await grace.entries.filter({ hasText: after.slice(5) }).first().waitFor();
  expect(await grace.entries.filter({ hasText: "Only you see this." }).count()).toBe(0);
  expect(JSON.stringify(grace.received)).not.toContain("Only you see this.");
  await answer.getByRole("button", { name: "Use" }).click();
  await expect.poll(() => ada.last.textContent()).toContain('"gallery used ephemeral"');
});

test("channels are apart", async () => {
  const ada = await visit();
  const names = await ada.channels.allTextContents();
  expect(names.map((name) => name.trim().replace(/\s+/g, "")).toSorted()).toEqual(["#dev", "#ops"]);
  await ada.channels.filter({ hasText: "ops" }).click();
  await ada.ask("echo in ops");
  await ada.channels.filter({ hasText: "dev" }).click();
  expect(await ada.entries.filter({ hasText: "in ops" }).count()).toBe(0);
});

test("output that is streamed grows, and is whole at its end", async () => {
  const ada = await visit();
  const answer = await ada.ask("gallery stream");
  await expect.poll(() => answer.locator("pre").textContent()).toMatch(/^1 of 5/);
  await answer.getByText("5 of 5").waitFor();
  await expect.poll(() => answer.locator("pre").textContent()).toBe("1 of 5\n2 of 5\n3 of 5\n4 of 5\n5 of 5");
  await answer.locator(".live.succeeded").waitFor();
  expect(await ada.entries.filter({ hasText: "1 of 5" }).count()).toBe(1);
});

test("output that no message takes goes on in further messages, and is whole", async () => {
  const ada = await visit();
  await ada.ask("gallery huge");
  const said = () => [...ada.told("dev").values()].findLast(({ text }) => text === "gallery huge")!.id;
  const pieces = () => [...ada.told("dev").values()].filter(({ answers }) => answers === said());
  const bodies = () => pieces().flatMap(({ message }) => [message?.baseBody, ...(message?.sections ?? []).map(({ body }) => body)]);
  const lines = () => bodies().flatMap((body) => body?.codeBlock?.trimEnd().split("\n") ?? []);
  await expect.poll(() => lines().length).toBe(5000);
  expect(lines().map((line) => parseInt(line))).toEqual(Array.from({ length: 5000 }, (_, at) => at + 1));
  expect(pieces().at(-1)!.live?.state).toMatchObject({ ended: { status: "succeeded" } });
});

test("everything in the gallery is shown, and nothing hostile becomes markup, script or a link", async () => {
  const ada = await visit();
  const { page } = ada;
  const answer = await ada.ask("gallery hostile");
  page.on("dialog", (dialog) => void dialog.dismiss());
  await answer.getByRole("heading", { name: /^Header <script>/ }).waitFor();
  await ada.say("gallery all");
  // A form among them opens for who asked.
  const form = page.getByRole("dialog");
  await form.waitFor();
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "hidden" });
  for (const verb of ["live", "fail", "error", "several", "skip", "user", "painting"]) await ada.say(`gallery ${verb}`);
  await expect.poll(() => ada.entries.filter({ hasText: /There is no "painting"/ }).count(), { timeout: 15_000 }).toBe(1);
  await expect.poll(() => ada.entries.locator(".live.running").count(), { timeout: 15_000 }).toBe(0);
  expect(await answer.evaluate((entry) => entry.querySelectorAll("script, img, iframe, [onerror], a[href]").length)).toBe(0);
  expect(await page.evaluate(() => document.querySelectorAll("script:not([src='/app.js']), img, iframe").length)).toBe(0);
  for (const name of ["Script", "Data"]) expect(await answer.getByRole("button", { name, exact: true }).isDisabled()).toBe(true);
  const text = (await answer.textContent()) ?? "";
  expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
  expect(text).toContain("<script>alert(1)</script><img src=x onerror=alert(1)> &lt;");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});
