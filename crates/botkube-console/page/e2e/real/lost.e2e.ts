// Connections that are lost, an agent that is silent, killed and started again, with another configuration too: nothing that
// was said is lost, and nothing runs twice.

import { expect, onTestFinished, test } from "vitest";
import type { Entry } from "../../src/wire.ts";
import { stageBrowser, Visit } from "../visit.ts";
import { Wire } from "../wire.ts";
import { Botkube } from "./botkube.ts";

stageBrowser();

async function start(): Promise<Botkube> {
  const botkube = await Botkube.start();
  onTestFinished(() => botkube.end());
  return botkube;
}

/** The page is connected again, which it becomes by itself. */
const connected = (visit: Visit) => visit.page.getByRole("status").filter({ hasText: /^Connected/ }).waitFor();
const lost = (visit: Visit) => visit.page.getByText("The connection to the agent is lost").waitFor();
const all = (visit: Visit): Entry[] => [...visit.told("dev").values()];
const answers = (visit: Visit, text: string) => {
  const said = all(visit).filter((entry) => entry.text === text);
  return said.map(({ id }) => all(visit).filter((entry) => entry.answers === id));
};

/** What the person sees: who said it, and what. */
const seen = (visit: Visit) => visit.entries.evaluateAll((entries) => entries.map((entry) => entry.querySelector(".said, pre, .prose")?.textContent));

test("a watch goes on in its place, and the button cancels it", async () => {
  const botkube = await start();
  const visit = await Visit.at(await botkube.link());
  const watch = await visit.ask("sys watch 1");
  const table = watch.locator("pre");
  for (let look = 0; look < 2; look += 1) {
    const text = await table.textContent();
    await expect.poll(() => table.textContent()).not.toBe(text);
  }
  expect(await visit.entries.count()).toBe(2);
  await watch.getByRole("button", { name: "Cancel sys watch 1 on demo" }).click();
  await visit.page.getByText(/cancelled after/).waitFor();
  await visit.page.getByText("Cancelled by Ada Lovelace.").waitFor();
  expect(await visit.page.getByRole("timer").count()).toBe(0);
  const last = await table.textContent();
  await visit.ask("sys watch 1 --times 2");
  expect(await table.textContent()).toBe(last);
});

test("a connection that is lost while a watch runs is made again, and the watch is seen going on", async () => {
  const botkube = await start();
  const wire = new Wire();
  const visit = await Visit.at(await botkube.link(), {}, wire.into);
  const watch = await visit.ask("sys watch 1");
  await watch.locator("pre").waitFor();
  const text = await watch.locator("pre").textContent();
  await wire.lose();
  await connected(visit);
  await expect.poll(() => watch.locator("pre").textContent()).not.toBe(text);
  expect(await visit.entries.count()).toBe(2);
});

test("an agent that is silent is given up, and what was said meanwhile runs once when it answers again", async () => {
  const botkube = await start();
  const visit = await Visit.at(await botkube.link(), {}, (page) => page.clock.install());
  await visit.ask("echo before");
  const resume = botkube.freeze();
  await visit.say("echo into the silence");
  await visit.page.clock.fastForward(16_000);
  await lost(visit);
  await visit.page.getByText("Waiting for the agent").waitFor();
  resume();
  await connected(visit);
  await expect.poll(() => answers(visit, "echo into the silence").map((of) => of.length)).toEqual([1]);
  await visit.ask("echo after");
  expect(answers(visit, "echo into the silence").map((of) => of.length)).toEqual([1]);
});

test("an agent that is killed while a watch runs comes back to the same page, with all that was said", async () => {
  const botkube = await start();
  const visit = await Visit.at(await botkube.link());
  await visit.ask("echo one");
  const watch = await visit.ask("sys watch 1");
  await watch.locator("pre").waitFor();
  await visit.ask("echo two");
  await botkube.kill();
  await lost(visit);
  await visit.say("echo said while it was away");
  await visit.page.getByText("Waiting for the agent").waitFor();
  await botkube.begin();
  await connected(visit);
  await watch.getByText(/cancelled after/).waitFor();
  await expect.poll(() => answers(visit, "echo said while it was away").map((of) => of.length)).toEqual([1]);
  await visit.page.locator(".draft").waitFor({ state: "detached" });
  const said = (await seen(visit)).filter((text) => !text?.includes("PID"));
  expect(said.map((text) => text?.trim())).toEqual([
    "echo one",
    expect.stringContaining("one"),
    "sys watch 1",
    "echo two",
    expect.stringContaining("two"),
    expect.stringContaining("it is not run again"),
    "echo said while it was away",
    expect.stringContaining("said while it was away"),
  ]);
  const { person } = visit.received.findLast((frame) => frame.type === "welcome")!;
  expect(person.name).toBe("Ada Lovelace");
  await visit.page.reload();
  await connected(visit);
  await expect.poll(async () => (await seen(visit)).length).toBe(9);
  const table = await watch.locator("pre").textContent();
  await visit.ask("sys watch 1 --times 2");
  expect(await watch.locator("pre").textContent()).toBe(table);
}, 60_000);

test("a line that ran before the agent was killed is not run again when it is sent again", async () => {
  const botkube = await start();
  const wire = new Wire();
  const visit = await Visit.at(await botkube.link(), {}, wire.into);
  const witness = await visit.window();
  wire.deaf = true;
  await visit.say("echo once");
  await expect.poll(() => answers(witness, "echo once").map((of) => of.length)).toEqual([1]);
  await botkube.kill();
  wire.deaf = false;
  await botkube.begin();
  await wire.lose();
  await expect.poll(() => wire.says().length, { timeout: 15_000 }).toBe(2);
  const [first, second] = wire.says();
  expect(second).toEqual(first);
  await visit.page.locator(".draft").waitFor({ state: "detached" });
  await visit.ask("echo after");
  expect(answers(visit, "echo once").map((of) => of.length)).toEqual([1]);
});

test("a button of a message whose plugin is bound no more is answered, and nothing runs", async () => {
  const botkube = await start();
  const visit = await Visit.at(await botkube.link());
  const answer = await visit.ask("gallery buttons");
  await botkube.kill();
  await botkube.begin({ "botkube/echo": {} });
  await connected(visit);
  await answer.getByRole("button", { name: "Primary" }).click();
  await expect.poll(() => answers(visit, "gallery used buttons primary").flat().length).toBe(1);
  await visit.last.getByText("I don't know the command").waitFor();
  await visit.last.getByText("refused").waitFor();
});
