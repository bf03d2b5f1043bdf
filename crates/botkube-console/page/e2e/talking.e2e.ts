// What people do all day: type, read, look back, switch channels.

import { expect, test } from "vitest";
import { stage, Visit } from "./visit.ts";

stage();

test("a line that is typed is answered", async () => {
  const visit = await Visit.begin();
  const answer = await visit.ask("echo hello there");
  expect(await answer.locator("pre").textContent()).toContain("hello there");
  expect(visit.keyed()).toContainEqual({ type: "say", channel: expect.any(String), text: "echo hello there" });
  const said = visit.entries.nth(-2);
  expect(await said.textContent()).toContain("Ada Lovelace");
});

test("a command is completed by Tab, chosen by arrows, and left by Escape", async () => {
  const visit = await Visit.begin();
  await visit.composer.pressSequentially("sys t");
  const options = visit.page.getByRole("listbox", { name: "Completions" });
  await options.waitFor();
  await visit.composer.press("Tab");
  expect(await visit.composer.inputValue()).toMatch(/^sys top/);
  await visit.composer.fill("");
  await visit.composer.pressSequentially("sys");
  await options.waitFor();
  await visit.composer.press("ArrowDown");
  await visit.composer.press("ArrowDown");
  const second = await options.getByRole("option", { selected: true }).locator("code").textContent();
  await visit.composer.press("Enter");
  expect(await visit.composer.inputValue()).toBe(second);
  await visit.composer.fill("");
  await visit.composer.pressSequentially("sys");
  await options.waitFor();
  await visit.composer.press("Escape");
  expect(await options.count()).toBe(0);
  expect(visit.keyed()).toEqual([]);
});

test("arrow up brings back what was said, arrow down what was being written", async () => {
  const visit = await Visit.begin();
  await visit.ask("echo one");
  await visit.ask("echo two");
  await visit.composer.press("ArrowUp");
  await expect.poll(() => visit.composer.inputValue()).toBe("echo two");
  await visit.composer.press("ArrowUp");
  await expect.poll(() => visit.composer.inputValue()).toBe("echo one");
  await visit.composer.press("ArrowDown");
  await visit.composer.press("ArrowDown");
  await expect.poll(() => visit.composer.inputValue()).toBe("");
});

test("slash and Ctrl-K lead to the message box from anywhere", async () => {
  const visit = await Visit.begin();
  for (const key of ["/", "Control+k"]) {
    await visit.page.getByRole("log").focus();
    await visit.page.keyboard.press(key);
    expect(await visit.composer.evaluate((area) => area === document.activeElement)).toBe(true);
  }
  expect(await visit.composer.inputValue()).toBe("");
});

test("Shift-Enter begins a line, Enter sends them all", async () => {
  const visit = await Visit.begin();
  await visit.composer.pressSequentially("echo one");
  await visit.composer.press("Shift+Enter");
  await visit.composer.pressSequentially("two");
  await visit.composer.press("Enter");
  await expect.poll(() => visit.keyed()).toContainEqual({ type: "say", channel: expect.any(String), text: "echo one\ntwo" });
});

const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };

async function paste(visit: Visit, text: string) {
  await visit.page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await visit.composer.focus();
  await visit.page.keyboard.press("Control+V");
}

test("ten thousand lines that fit are pasted and sent", async () => {
  const visit = await Visit.begin(CLIPBOARD);
  const text = `echo ${Array.from({ length: 10_000 }, (_, at) => `line ${at}`).join("\n")}`;
  const start = Date.now();
  await paste(visit, text);
  await visit.composer.press("Enter");
  await visit.entries.locator(".said + .fold").last().filter({ hasText: "Show all 10,000 lines" }).waitFor();
  expect(Date.now() - start).toBeLessThan(5000);
});

test("what is too long to paste is refused with the reason, and nothing is sent", async () => {
  const visit = await Visit.begin(CLIPBOARD);
  await paste(visit, "a line of some length\n".repeat(20_000));
  await visit.page.getByRole("alert").filter({ hasText: "Nothing was pasted: that is 440 KB in 20,001 lines" }).waitFor();
  expect(await visit.composer.inputValue()).toBe("");
});

test("what is said in another window is here too, and unread in another channel", async () => {
  const visit = await Visit.begin();
  const other = await visit.window();
  await visit.ask("echo for both");
  await expect.poll(() => other.last.textContent()).toContain("for both");
  const { channels } = other;
  if ((await channels.count()) < 2) return;
  await channels.nth(1).click();
  await visit.ask("echo once more");
  await channels.nth(0).getByText(/1\s*unread/).waitFor();
  expect(await other.page.title()).toMatch(/^\(1\) /);
  await channels.nth(0).click();
  await expect.poll(() => other.last.textContent()).toContain("once more");
  await expect.poll(() => other.page.title()).not.toMatch(/^\(/);
});

test("a running command shows how far it is, and ends when it is cancelled", async () => {
  const visit = await Visit.begin();
  const answer = await visit.ask("sys watch");
  await answer.getByRole("timer").waitFor();
  const cancel = answer.getByRole("button", { name: /^Cancel/ });
  await cancel.click();
  await answer.getByText(/cancelled after/).waitFor();
  expect(await cancel.count()).toBe(0);
  expect(visit.keyed().at(-1)).toMatchObject({ type: "cancel", command: expect.any(String) });
});

test("output that grows shows its end, and all of it on demand", async () => {
  const visit = await Visit.begin();
  const answer = await visit.ask("grow");
  await answer.getByRole("button", { name: "Show all 60 lines" }).waitFor();
  expect(await answer.locator("pre").textContent()).toMatch(/^line 43\n.*line 60$/s);
  await answer.getByRole("button", { name: "Show all 60 lines" }).click();
  expect((await answer.locator("pre").textContent())?.split("\n").length).toBe(60);
  expect(visit.sent.filter(({ type }) => type === "hello").length).toBe(1);
});

test("what the agent refuses can be edited and sent again", async () => {
  const visit = await Visit.begin();
  await visit.say("no");
  await visit.page.getByText("Not sent: The agent is busy with 64 commands.").waitFor();
  await visit.page.getByRole("button", { name: "Edit" }).click();
  expect(await visit.composer.inputValue()).toBe("no");
  expect(await visit.page.getByText("Not sent").count()).toBe(0);
});

test("code is copied as it is", async () => {
  const visit = await Visit.begin(CLIPBOARD);
  const answer = await visit.ask("echo copy me");
  await answer.getByRole("button", { name: "Copy" }).click();
  await answer.getByRole("button", { name: "Copied" }).waitFor();
  expect(await visit.page.evaluate(() => navigator.clipboard.readText())).toContain("copy me");
});
