// A person in front of the page: opens it, says things, and knows what was sent. Whatever the browser complains of fails
// the scenario. Knows no scenario.

import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import type { Incoming, Keyed, Outgoing } from "../src/wire.ts";
import { startAgent, startBrowser, type Agent } from "./agent.ts";

let agent: Agent;
let browser: Browser;

/** Has the scenarios of a file share an agent and a browser. */
export function stage(): void {
  beforeAll(async () => {
    [agent, browser] = await Promise.all([startAgent(), startBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await agent?.stop();
  });
}

export const theAgent = (): Agent => agent;
export const theBrowser = (): Browser => browser;

/** Scenarios that only the fake can play, such as a thousand entries at once. */
export const onlyFake = Boolean(process.env["AGENT_URL"] || process.env["BOTKUBE"]);

export class Visit {
  readonly sent: Outgoing[] = [];
  readonly received: Incoming[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
  ) {}

  /** A new person; the page is open and knows their name. */
  static async begin(options: BrowserContextOptions = {}, prepare?: (page: Page) => Promise<void>): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: "light", ...options });
    onTestFinished(() => context.close());
    const visit = await Visit.open(context, prepare);
    const dialog = visit.page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("Ada Lovelace");
    await visit.page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    return visit;
  }

  /** One more window of the same person. */
  window(): Promise<Visit> {
    return Visit.open(this.context);
  }

  private static async open(context: BrowserContext, prepare?: (page: Page) => Promise<void>): Promise<Visit> {
    const page = await context.newPage();
    const visit = new Visit(page, context);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("ERR_CONNECTION_REFUSED")) complaints.push(message.text());
    });
    onTestFinished(() => expect(complaints).toEqual([]));
    page.on("websocket", (socket) => {
      socket.on("framesent", ({ payload }) => visit.sent.push(JSON.parse(String(payload))));
      socket.on("framereceived", ({ payload }) => visit.received.push(JSON.parse(String(payload))));
    });
    await prepare?.(page);
    await page.goto(agent.url);
    await page.getByRole("status").filter({ hasText: "Connected" }).waitFor();
    return visit;
  }

  get composer() {
    return this.page.getByRole("textbox", { name: /^Message/ });
  }

  get entries() {
    return this.page.locator("bk-entry");
  }

  get last() {
    return this.entries.last();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  get channels() {
    return this.page.getByRole("navigation", { name: "Channels" }).locator(".channel");
  }

  /** Says it and waits for the answer, which is returned. */
  async ask(text: string): Promise<Locator> {
    const ids = () => this.entries.evaluateAll((entries: HTMLElement[]) => entries.map(({ dataset }) => dataset["id"]));
    const before = (await ids()).at(-1);
    await this.say(text);
    const since = async () => {
      const now = await ids();
      return now.length - 1 - now.indexOf(before);
    };
    await expect.poll(since, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    const id = (await ids()).at(-1);
    return this.page.locator(`bk-entry[data-id="${id}"]`);
  }

  /** The frames with keys, without them. */
  keyed(): Omit<Keyed, "key">[] {
    return this.sent.flatMap((frame) => {
      if (!("key" in frame)) return [];
      const { key: _, ...rest } = frame;
      return [rest];
    });
  }
}
