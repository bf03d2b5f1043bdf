// A person in front of the page: opens it, says things, and knows what was sent. Whatever the browser complains of fails
// the scenario. Knows no scenario.

import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page } from "playwright-core";
import type { Entry, Incoming, Keyed, Outgoing } from "../src/wire.ts";
import { Fake } from "./fake.ts";

let fake: Fake | undefined;
let browser: Browser;

/** Has the scenarios of a file share a browser. */
export function stageBrowser(): void {
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());
}

/** Has the scenarios of a file share a browser and an agent that is a fake. */
export function stage(): void {
  stageBrowser();
  beforeAll(async () => {
    fake = await Fake.start();
  });
  afterAll(() => fake?.stop());
}

export function startBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

export const theBrowser = (): Browser => browser;

export class Visit {
  readonly sent: Outgoing[] = [];
  readonly received: Incoming[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
  ) {}

  /** A new person at the fake; the page is open and knows their name. */
  static begin(options: BrowserContextOptions = {}, prepare?: (page: Page) => Promise<void>): Promise<Visit> {
    return Visit.at(fake!.url, options, prepare);
  }

  /** A new person who opens this address. */
  static async at(url: string, options: BrowserContextOptions = {}, prepare?: (page: Page) => Promise<void>, name = "Ada Lovelace"): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: "light", ...options });
    onTestFinished(() => context.close());
    const visit = await Visit.open(context, url, prepare);
    const dialog = visit.page.getByRole("dialog");
    if (visit.received.some((frame) => frame.type === "welcome" && !frame.person.name)) {
      await dialog.getByRole("textbox").fill(name);
      await visit.page.keyboard.press("Enter");
      await dialog.waitFor({ state: "detached" });
    }
    return visit;
  }

  /** One more window of the same person. */
  window(): Promise<Visit> {
    return Visit.open(this.context, new URL("/", this.page.url()).href);
  }

  private static async open(context: BrowserContext, url: string, prepare?: (page: Page) => Promise<void>): Promise<Visit> {
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
    await page.goto(url);
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

  /** What the agent told of a channel: its entries as they are now, by id. */
  told(channel: string): Map<string, Entry> {
    const frames = this.received.flatMap((frame) => (frame.type === "entries" && frame.channel === channel ? frame.entries : []));
    return new Map(frames.map((entry) => [entry.id, entry]));
  }

  /** Says it and waits for the answer, which is returned. */
  async ask(text: string): Promise<Locator> {
    const frames = this.received.length;
    await this.say(text);
    const answer = () => {
      const me = this.received.findLast((frame) => frame.type === "welcome")!.person.id;
      const since = this.received.slice(frames).flatMap((frame) => (frame.type === "entries" ? frame.entries : []));
      const said = since.find((entry) => entry.by.id === me && entry.how === "typed");
      return since.find((entry) => said && entry.answers === said.id)?.id;
    };
    await expect.poll(answer, { timeout: 10_000 }).toBeDefined();
    const entry = this.page.locator(`bk-entry[data-id="${answer()}"]`);
    await entry.waitFor();
    return entry;
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
