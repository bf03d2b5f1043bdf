// Each kind of control, used by hand and by keyboard, sends what the agent expects.

import { expect, test } from "vitest";
import { stage, Visit } from "./visit.ts";

stage();

async function inGallery() {
  const visit = await Visit.begin();
  const answer = await visit.ask("gallery");
  const id = await answer.getAttribute("data-id");
  const pressed = async (control: string, values: string[], entered = {}) =>
    expect.poll(() => visit.keyed().at(-1)).toEqual({ type: "press", channel: expect.any(String), entry: id, control, values, entered });
  return { visit, answer, pressed };
}

test("a button sends its id", async () => {
  const { answer, pressed } = await inGallery();
  await answer.getByRole("button", { name: "Refresh" }).click();
  await pressed("b0.0", []);
});

test("a button with a description is numbered as the message has it", async () => {
  const { answer, pressed } = await inGallery();
  await answer.getByRole("button", { name: "Explain" }).press("Enter");
  await pressed("b0.6", []);
});

test("two quick presses are one", async () => {
  const { visit, answer } = await inGallery();
  await answer.getByRole("button", { name: "Refresh" }).evaluate((button: HTMLElement) => [button.click(), button.click()]);
  await expect.poll(() => visit.keyed().filter(({ type }) => type === "press").length).toBe(1);
});

test("a link opens its page, and one that is no address cannot be used", async () => {
  const { answer } = await inGallery();
  const link = answer.getByRole("link", { name: "Docs" });
  expect(await link.getAttribute("href")).toBe("https://example.org/docs");
  expect(await link.getAttribute("rel")).toContain("noopener");
  expect(await answer.getByRole("button", { name: "Bad page" }).isDisabled()).toBe(true);
});

test("a select is searched and chosen by keyboard, and holds what was chosen", async () => {
  const { visit, answer, pressed } = await inGallery();
  const select = answer.getByRole("button", { name: /^Order by/ });
  await select.press("Enter");
  const search = visit.page.getByRole("combobox", { name: "Search Order by" });
  await search.pressSequentially("name");
  await search.press("Enter");
  await pressed("s2.0", ["name"], { "s2.0": ["name"] });
  await expect.poll(() => select.textContent()).toMatch(/Order by\s+Name/);
  expect(await select.evaluate((button) => button === document.activeElement)).toBe(true);
});

test("the options of an external select are asked for while typing", async () => {
  const { visit, answer, pressed } = await inGallery();
  await answer.getByRole("button", { name: /^Pod/ }).click();
  const search = visit.page.getByRole("combobox", { name: "Search Pod" });
  await search.pressSequentially("-42");
  await expect.poll(() => visit.sent.findLast(({ type }) => type === "options")).toMatchObject({ control: "s2.1", query: "-42" });
  await expect.poll(() => visit.page.getByRole("option").count()).toBe(1);
  await visit.page.getByRole("option", { name: "web-42" }).click();
  await pressed("s2.1", ["web-42"], { "s2.1": ["web-42"] });
});

test("a multi-select sends what is ticked when it is confirmed, and nothing before", async () => {
  const { visit, answer, pressed } = await inGallery();
  await answer.getByRole("button", { name: /^Sources/ }).click();
  await visit.page.getByRole("option", { name: "Everything" }).click();
  await visit.page.getByRole("option", { name: "Errors" }).click();
  expect(visit.keyed().at(-1)?.type).toBe("say");
  await visit.page.getByRole("button", { name: "Apply" }).click();
  await pressed("m2.0", ["k8s-all"], { "m2.0": ["k8s-all"] });
});

test("Escape leaves a menu without a choice", async () => {
  const { visit, answer } = await inGallery();
  await answer.getByRole("button", { name: /^Sources/ }).click();
  await visit.page.getByRole("option", { name: "Everything" }).click();
  await visit.page.keyboard.press("Escape");
  expect(await visit.page.getByRole("listbox").count()).toBe(0);
  expect(visit.keyed().at(-1)?.type).toBe("say");
});

test("an input sends on Enter, with what the other controls hold", async () => {
  const { answer, pressed } = await inGallery();
  await answer.getByRole("textbox", { name: "Filter" }).fill("web");
  await answer.getByRole("textbox", { name: "Filter" }).press("Enter");
  await pressed("i3.0", ["web"], { "i3.0": ["web"] });
});

test("an input sends while it is typed into", async () => {
  const { visit, answer, pressed } = await inGallery();
  await answer.getByRole("textbox", { name: "Search while typing" }).pressSequentially("web");
  await pressed("i3.1", ["web"], { "i3.1": ["web"] });
  expect(visit.keyed().filter(({ type }) => type === "press").length).toBe(1);
});

test("a form is a dialog whose fields are sent together, once", async () => {
  const { visit, answer } = await inGallery();
  await answer.getByRole("button", { name: "Open a form" }).click();
  const form = visit.page.getByRole("dialog", { name: "New note" });
  await form.getByRole("button", { name: /^Kind/ }).click();
  await visit.page.getByRole("option", { name: "Task" }).click();
  await form.getByRole("textbox", { name: "Title" }).fill("Water the plants");
  const before = visit.keyed().length;
  await form.getByRole("button", { name: "Apply" }).evaluate((button: HTMLElement) => [button.click(), button.click()]);
  await form.waitFor({ state: "detached" });
  const entered = { "s0.0": ["task"], "im.0": ["Water the plants"] };
  expect(visit.keyed().slice(before)).toEqual([
    { type: "press", channel: "ops", entry: expect.any(String), control: "im.0", values: ["Water the plants"], entered },
  ]);
});

test("a form is left by Escape", async () => {
  const { visit, answer } = await inGallery();
  await answer.getByRole("button", { name: "Open a form" }).click();
  const form = visit.page.getByRole("dialog", { name: "New note" });
  await form.waitFor();
  const before = visit.keyed().length;
  await visit.page.keyboard.press("Escape");
  await form.waitFor({ state: "detached" });
  expect(visit.keyed().length).toBe(before);
});

test("what is typed into a message stays there while other messages come", async () => {
  const { visit, answer } = await inGallery();
  const filter = answer.getByRole("textbox", { name: "Filter" });
  await filter.focus();
  await visit.page.keyboard.type("half a wo");
  const other = await visit.window();
  await other.ask("echo meanwhile");
  await expect.poll(() => visit.last.textContent()).toContain("meanwhile");
  await visit.page.keyboard.type("rd");
  expect(await filter.inputValue()).toBe("half a word");
});

test("a file is a link to the agent", async () => {
  const visit = await Visit.begin();
  const answer = await visit.ask("file");
  expect(await answer.getByRole("link", { name: /output\.txt/ }).getAttribute("href")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/files\//);
});

test("what one person alone may see says so", async () => {
  const visit = await Visit.begin();
  const stranger = await Visit.begin();
  const answer = await visit.ask("private");
  await answer.getByText("Only visible to you").waitFor();
  await expect.poll(() => stranger.last.textContent()).toContain("private");
  expect(await stranger.page.getByText("Nobody else reads this.").count()).toBe(0);
});
