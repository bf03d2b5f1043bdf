// Which agent the scenarios are run against: the one at AGENT_URL, the one that the command line in BOTKUBE starts, or a
// fake for each file. The link a real agent prints is good for one browser, so it is followed once for all scenarios.
// Knows no scenario.

import { spawn } from "node:child_process";
import { chromium, type Browser, type BrowserContext } from "playwright-core";
import type { TestProject } from "vitest/node";

export interface RealAgent {
  url: string;
  /** The session that the link became. */
  session: Awaited<ReturnType<BrowserContext["storageState"]>>;
}

declare module "vitest" {
  interface ProvidedContext {
    agent: RealAgent | undefined;
  }
}

const LINK = /http:\/\/127\.0\.0\.1:\d+\/\?key=\S+/;
const PATIENCE = 60_000;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const program = process.env["BOTKUBE"];
  const started = program ? await start(program) : undefined;
  const url = process.env["AGENT_URL"] ?? started?.url;
  project.provide("agent", url ? await login(url) : undefined);
  return async () => started?.stop();
}

export function startBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

async function login(url: string): Promise<RealAgent> {
  const browser = await startBrowser();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  const session = await context.storageState();
  await browser.close();
  return { url: new URL("/", url).href, session };
}

function start(program: string): Promise<{ url: string; stop(): Promise<void> }> {
  const [command = "", ...args] = program.split(" ");
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const exited = new Promise<void>((exit) => child.once("exit", () => exit()));
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`${program} printed no link within ${PATIENCE} ms: ${said}`)), PATIENCE);
    const read = (data: Buffer) => {
      said += String(data);
      const url = LINK.exec(said)?.[0];
      if (!url) return;
      clearTimeout(timer);
      resolve({ url, stop });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}: ${said}`)));
  });
}
