// Which agent the scenarios are run against: the one at AGENT_URL, the program BOTKUBE starts, or the fake. And the browser.
// Knows no scenario.

import { spawn } from "node:child_process";
import { chromium, type Browser } from "playwright-core";
import { Fake } from "./fake.ts";

export interface Agent {
  /** Where a session begins. */
  url: string;
  isFake: boolean;
  stop(): void | Promise<void>;
}

const LINK = /http:\/\/127\.0\.0\.1:\d+\/\?key=\S+/;
const PATIENCE = 60_000;

export async function startAgent(): Promise<Agent> {
  const url = process.env["AGENT_URL"];
  if (url) return { url, isFake: false, stop: () => {} };
  const program = process.env["BOTKUBE"];
  if (program) return startProgram(program);
  const fake = await Fake.start();
  return { url: fake.url, isFake: true, stop: () => fake.stop() };
}

export function startBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

function startProgram(program: string): Promise<Agent> {
  const [command = "", ...args] = program.split(" ");
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const stop = async () => {
    const exited = new Promise((exit) => child.once("exit", exit));
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
      resolve({ url, isFake: false, stop });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}: ${said}`)));
  });
}
