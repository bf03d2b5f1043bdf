// Each kind of control, used in a browser, brings a plugin what upstream's agent brings it from Slack: the command of
// contract-plugins §3.5 and §3.6, and the state of all controls of §4. The gallery's plugin says what it was given.

import { expect, test } from "vitest";
import type { Locator } from "playwright-core";
import { stageBrowser, Visit } from "../visit.ts";
import { stageBotkube } from "./botkube.ts";

stageBrowser();
const botkube = stageBotkube();

/** What the plugin was given. */
interface Told {
  command: string;
  text: string;
  user: { mention: string; displayName: string };
  interactive: boolean;
  slackState: { values: Record<string, Record<string, unknown>> };
}

const NOTHING = { text: null, value: "" };
const option = (name: string, value: string) => ({ text: { type: "plain_text", text: name, emoji: true }, value });

/** What Slack says of a control, all of it being there (contract-plugins §4). */
const action = (type: string, holds: object) => ({
  action_id: "",
  block_id: "",
  type,
  text: { type: "", text: "" },
  value: "",
  files: null,
  action_ts: "",
  selected_option: NOTHING,
  selected_options: null,
  selected_user: "",
  selected_users: null,
  selected_channel: "",
  selected_channels: null,
  selected_conversation: "",
  selected_conversations: null,
  selected_date: "",
  selected_time: "",
  selected_date_time: 0,
  initial_option: NOTHING,
  initial_user: "",
  initial_channel: "",
  initial_conversation: "",
  initial_date: "",
  initial_time: "",
  ...holds,
});
const input = (value: string) => action("plain_text_input", { value });
const select = (type: string, name: string, value: string) => action(type, { selected_option: option(name, value) });

async function show(exhibit: string): Promise<{ visit: Visit; answer: Locator }> {
  const visit = await Visit.at(await botkube().link());
  return { visit, answer: await visit.ask(`gallery ${exhibit}`) };
}

/** Everything in the channel that is open at first. */
const entries = (visit: Visit) => [...visit.told("dev").values()];

/** Uses a control; what the plugin was given because of it, which the person sees, too. */
async function use(visit: Visit, act: () => Promise<void>): Promise<Told> {
  const before = entries(visit).length;
  await act();
  const since = () => entries(visit).slice(before);
  const answers = () => since().filter(({ by }) => by.bot);
  await expect.poll(() => answers().at(-1)?.live?.state).toMatchObject({ ended: { status: "succeeded" } });
  expect(answers().length).toBe(1);
  const told = JSON.parse(answers()[0]!.message!.baseBody!.codeBlock!) as Told;
  expect(since()[0]!.text).toBe(told.command);
  const said = visit.page.locator(`bk-entry[data-id="${since()[0]!.id}"]`);
  await said.getByText(told.command, { exact: true }).waitFor();
  expect(told.interactive).toBe(true);
  expect(told.user).toEqual({ mention: "", displayName: "Ada Lovelace" });
  expect(told.text).toBe(told.command);
  return told;
}

async function choose(visit: Visit, select: Locator, ...names: string[]): Promise<void> {
  await select.click();
  for (const name of names) await visit.page.getByRole("option", { name, exact: true }).click();
}

test("a button sends its command, and its message holds nothing", async () => {
  const { visit, answer } = await show("buttons");
  for (const name of ["Plain", "Primary", "Danger", "Bold", "Italic", "Text", "Code", "About"]) {
    const told = await use(visit, () => answer.getByRole("button", { name }).click());
    expect(told.command).toBe(`gallery used buttons ${name.toLowerCase()}`);
    expect(told.slackState).toEqual({ values: {} });
  }
  expect(await answer.getByRole("link", { name: "Link" }).getAttribute("href")).toBe("https://example.org/");
  expect(await answer.getByRole("link", { name: "Page" }).getAttribute("href")).toBe("https://example.org/page");
});

test("a select sends its command and the option's value; the state has every select of the message", async () => {
  const { visit, answer } = await show("selects");
  const fruit = answer.getByRole("button", { name: /^Fruit/ });
  const told = await use(visit, () => choose(visit, fruit, 'Lime "key"'));
  expect(told.command).toBe("gallery used selects fruit lime key");
  expect(told.slackState.values).toEqual({
    "gallery-block": {
      "gallery used selects fruit": select("static_select", 'Lime "key"', "lime key"),
      "gallery used selects size": select("static_select", "M", "M"),
    },
    "s1.0": { "gallery used selects pod": action("external_select", {}) },
  });
});

test("an external select is searched by the agent, and sends what was found", async () => {
  const { visit, answer } = await show("selects");
  const told = await use(visit, async () => {
    await answer.getByRole("button", { name: /^Pod/ }).click();
    await visit.page.getByRole("combobox", { name: "Search Pod" }).pressSequentially("B-42");
    await expect.poll(() => visit.page.getByRole("option").allTextContents()).toEqual([expect.stringContaining("web-42")]);
    await visit.page.keyboard.press("Enter");
  });
  expect(told.command).toBe("gallery used selects pod web-42");
  expect(told.slackState.values["s1.0"]).toEqual({ "gallery used selects pod": select("external_select", "web-42", "web-42") });
});

test("a multi-select sends all that is ticked, with commas", async () => {
  const { visit, answer } = await show("multiselect");
  const told = await use(visit, async () => {
    await choose(visit, answer.getByRole("button", { name: /^Sources/ }), "Audit", "Errors");
    await visit.page.getByRole("button", { name: "Apply" }).click();
  });
  expect(told.command).toBe("gallery used multiselect k8s-all,audit,k8s-errors");
  const selected = [option("All events", "k8s-all"), option("Audit", "audit"), option("Errors", "k8s-errors")];
  expect(told.slackState.values).toEqual({ "m0.0": { "gallery used multiselect": action("multi_static_select", { selected_options: selected }) } });
});

test("an input sends what was typed, quoted as Go quotes; the state has every input of the message", async () => {
  const { visit, answer } = await show("inputs");
  const told = await use(visit, async () => {
    await answer.getByRole("textbox", { name: "Note" }).fill("a note");
    await answer.getByRole("textbox", { name: "Say" }).fill('  tab\there "x" ü  ');
    await answer.getByRole("textbox", { name: "Say" }).press("Enter");
  });
  expect(told.command).toBe('gallery used inputs enter "tab\\there \\"x\\" ü"');
  expect(told.slackState.values).toEqual({
    "gallery used inputs enter ": { "gallery used inputs enter": input('  tab\there "x" ü  ') },
    "gallery used inputs typing=": { "gallery used inputs typing=": input("") },
    "gallery used inputs never ": { "gallery used inputs never": input("a note") },
    "gallery used inputs below --text=": { "gallery used inputs below --text=": input("") },
  });
});

test("an input that sends while it is typed into sends once for a word", async () => {
  const { visit, answer } = await show("inputs");
  const told = await use(visit, () => answer.getByRole("textbox", { name: "Search" }).pressSequentially("web"));
  expect(told.command).toBe('gallery used inputs typing="web"');
});

test("an input below everything sends as others do", async () => {
  const { visit, answer } = await show("inputs");
  const told = await use(visit, async () => {
    await answer.getByRole("textbox", { name: "Below everything" }).fill("low");
    await visit.page.keyboard.press("Enter");
  });
  expect(told.command).toBe('gallery used inputs below --text="low"');
});

test("a button brings what was typed into inputs that never send", async () => {
  const { visit, answer } = await show("inputs");
  const told = await use(visit, async () => {
    await answer.getByRole("textbox", { name: "Note" }).fill("for the button");
    await answer.getByRole("button", { name: "Send" }).click();
  });
  expect(told.command).toBe("gallery used inputs button");
  expect(told.slackState.values["gallery used inputs never "]).toEqual({ "gallery used inputs never": input("for the button") });
});

test("a form is a dialog, and sent from it comes what all its fields hold", async () => {
  const { visit } = await show("form");
  const form = visit.page.getByRole("dialog");
  const kind = form.getByRole("button", { name: /^Kind/ });
  await expect.poll(() => kind.evaluate((button) => button === document.activeElement)).toBe(true);
  const told = await use(visit, async () => {
    await choose(visit, kind, "service");
    await form.getByRole("textbox", { name: "Name" }).fill("web");
    await form.getByRole("button", { name: "Submit" }).click();
  });
  await form.waitFor({ state: "detached" });
  expect(told.command).toBe("gallery used form submit");
  expect(told.slackState.values).toEqual({
    "s0.0": { "gallery used form kind": select("static_select", "service", "service") },
    "gallery used form name ": { "gallery used form name": input("web") },
  });
});

test("a form that is applied sends a command for each of its inputs, as Slack's do", async () => {
  const { visit } = await show("form");
  const form = visit.page.getByRole("dialog");
  const told = await use(visit, async () => {
    await form.getByRole("textbox", { name: "Name" }).fill("web");
    await form.getByRole("button", { name: "Apply" }).click();
  });
  expect(told.command).toBe('gallery used form name "web"');
});

test("a form is opened by a button, and only for who pressed it", async () => {
  const { visit } = await show("text");
  const other = await Visit.at(await botkube().link());
  const answer = await visit.ask("gallery replace");
  await answer.getByRole("button", { name: "Form" }).click();
  await visit.page.getByRole("dialog").waitFor();
  await other.ask("echo still here");
  expect(await other.page.getByRole("dialog").count()).toBe(0);
  expect(await other.entries.filter({ hasText: "Opens as a dialog" }).count()).toBe(0);
});

test("a button can have its message replaced", async () => {
  const { visit } = await show("text");
  const answer = await visit.ask("gallery replace");
  for (const count of [1, 2]) {
    await answer.getByRole("button", { name: "Again" }).click();
    await answer.getByText(`Replaced ${count} times`).waitFor();
  }
});

test("what is more than platforms take is shown whole, and its last control works", async () => {
  const { visit, answer } = await show("many");
  await visit.entries.filter({ hasText: "Section 60" }).waitFor();
  expect((await use(visit, () => answer.getByRole("button", { name: "Button 30" }).click())).command).toBe("gallery used many 30");
  const last = answer.getByRole("button", { name: /^One of 150/ });
  expect((await use(visit, () => choose(visit, last, "Option 150"))).command).toBe("gallery used many select option-150");
});
