// Lost connections and reloads lose nothing and do nothing twice.

import { expect, test } from "vitest";
import { stage, Visit } from "./visit.ts";
import { Wire } from "./wire.ts";

stage();

test("a frame whose answer was lost is sent again with its key, and done once", async () => {
  const wire = new Wire();
  const visit = await Visit.begin({}, wire.into);
  const witness = await visit.window();
  const text = `echo once ${Date.now()}`;
  wire.deaf = true;
  await visit.say(text);
  await expect.poll(() => witness.last.locator("pre").textContent()).toContain(text.slice(5));
  wire.deaf = false;
  await wire.lose();
  await expect.poll(() => wire.says().length).toBe(2);
  const [first, second] = wire.says();
  expect(second).toEqual(first);
  await expect.poll(() => visit.entries.filter({ hasText: text.slice(5) }).count()).toBe(2);
  await expect.poll(() => visit.page.locator(".draft").count()).toBe(0);
  await witness.ask("echo after");
  expect(await witness.entries.filter({ hasText: text.slice(5) }).count()).toBe(2);
});

test("what is said without a connection is shown as waiting, and sent when there is one", async () => {
  const wire = new Wire();
  const visit = await Visit.begin({}, wire.into);
  wire.cut = true;
  await wire.lose();
  await visit.page.getByText("The connection to the agent is lost").waitFor();
  await visit.say("echo patience");
  await visit.page.getByText("Waiting for the agent").waitFor();
  wire.cut = false;
  await visit.page.getByRole("button", { name: "Try now" }).click();
  await expect.poll(() => visit.last.locator("pre").textContent()).toContain("patience");
  expect(await visit.page.getByText("The connection to the agent is lost").count()).toBe(0);
});

test("a reload shows what was there, in the same channel", async () => {
  const visit = await Visit.begin();
  await visit.channels.last().click();
  await visit.ask("echo before the reload");
  await visit.page.reload();
  await expect.poll(() => visit.last.locator("pre").textContent()).toContain("before the reload");
  expect(await visit.page.getByRole("dialog").count()).toBe(0);
});

test("a command that runs goes on being watched over a lost connection", async () => {
  const wire = new Wire();
  const visit = await Visit.begin({}, wire.into);
  const answer = await visit.ask("sys watch");
  await answer.getByRole("timer").waitFor();
  const before = await visit.entries.count();
  await wire.lose();
  await visit.page.getByRole("status").filter({ hasText: "Connected" }).waitFor();
  const text = await answer.textContent();
  await expect.poll(() => answer.textContent()).not.toBe(text);
  expect(await visit.entries.count()).toBe(before);
  await answer.getByRole("button", { name: /^Cancel/ }).click();
  await answer.getByText(/cancelled after/).waitFor();
});
