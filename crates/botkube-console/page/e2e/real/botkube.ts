// The real agent as a program of its own, with a home and a port of its own: started, asked for links, killed, started
// again. It is at BOTKUBE_BIN, its plugin that shows everything at GALLERY_BIN; otherwise where cargo builds them. Knows no
// page.

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";

const LINK = /the link is in (\S+), for one person/g;
const PATIENCE = 30_000;
/** Plugins by key, each with the configuration it gets. */
type Plugins = Record<string, object>;
const EVERYTHING: Plugins = { "botkube/echo": {}, "botkube/sys": {}, "dev/gallery": {} };

/** Starts an agent for the scenarios of a file. */
export function stageBotkube(): () => Botkube {
  let botkube: Botkube | undefined;
  beforeAll(async () => {
    botkube = await Botkube.start();
  });
  afterAll(() => botkube?.end());
  return () => botkube!;
}

export class Botkube {
  private child: ChildProcess | undefined;
  private said = "";
  /** How many of the links it printed were given away. */
  private given = 0;
  private heard: () => void = () => {};

  private constructor(
    private readonly home: string,
    readonly port: number,
    private readonly channels: string[],
  ) {}

  /** An agent with these channels, in each of which these plugins can be used. */
  static async start(plugins = EVERYTHING, channels = ["dev", "ops"]): Promise<Botkube> {
    const botkube = new Botkube(mkdtempSync(join(tmpdir(), "botkube-")), await freePort(), channels);
    await botkube.begin(plugins);
    return botkube;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Starts it where it is not running, as it was or with other plugins. */
  async begin(plugins = EVERYTHING): Promise<void> {
    const config = join(this.home, "botkube.yaml");
    writeFileSync(config, configuration(this.port, plugins, this.channels));
    const gallery = "dev/gallery" in plugins ? ["--plugin", `gallery=${program("GALLERY_BIN", "executor_gallery")}`] : [];
    this.said = "";
    this.given = 0;
    const child = spawn(program("BOTKUBE_BIN", "botkube"), ["run", "--config", config, ...gallery], {
      env: { PATH: process.env["PATH"], HOME: this.home, XDG_STATE_HOME: join(this.home, "state"), TMPDIR: this.home },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child = child;
    child.stderr.on("data", (data: Buffer) => {
      this.said += String(data);
      this.heard();
    });
    child.on("exit", () => this.heard());
    await this.printed(1);
  }

  /** A link that was not followed yet. */
  async link(): Promise<string> {
    if (this.given >= this.links().length) this.child?.kill("SIGUSR1");
    return this.printed(++this.given);
  }

  /** What it logged since it was started last. */
  get log(): string {
    return this.said;
  }

  /** Has it stop for a while: it hears nothing and says nothing until it goes on. */
  freeze(): () => void {
    this.child?.kill("SIGSTOP");
    return () => this.child?.kill("SIGCONT");
  }

  /** Ends it without a chance to say or write anything. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((exit) => child.once("exit", exit));
    child.kill("SIGKILL");
    await exited;
  }

  /** Ends it and removes all that it kept. */
  async end(): Promise<void> {
    await this.kill();
    rmSync(this.home, { recursive: true });
  }

  /** The files it says links are in: one file, and each link takes the place of the one before. */
  private links(): string[] {
    return [...this.said.matchAll(LINK)].map((match) => match[1]!);
  }

  /** The link of this number, as soon as it is printed. */
  private printed(number: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the agent ${why}: ${this.said}`));
      const timer = setTimeout(() => fail(`printed no link within ${PATIENCE} ms`), PATIENCE);
      this.heard = () => {
        const link = this.links()[number - 1];
        const ended = this.child?.exitCode ?? this.child?.signalCode;
        if (!link && (ended === null || ended === undefined)) return;
        clearTimeout(timer);
        this.heard = () => {};
        if (link) resolve(readFileSync(link, "utf8").trim());
        else fail(`ended with ${ended}`);
      };
      this.heard();
    });
  }
}

function configuration(port: number, plugins: Plugins, channels: string[]): string {
  const tools = Object.fromEntries(Object.entries(plugins).map(([key, config]) => [key, { enabled: true, config }]));
  const bound = Object.fromEntries(channels.map((alias) => [alias, { name: alias, bindings: { executors: ["tools"] } }]));
  // JSON is YAML.
  return JSON.stringify({
    settings: { clusterName: "demo" },
    communications: { default: { console: { web: { port }, channels: bound } } },
    executors: { tools },
  });
}

function program(variable: string, name: string): string {
  const target = process.env["CARGO_TARGET_DIR"] ?? new URL("../../../../../target", import.meta.url).pathname;
  const path = resolve(process.env[variable] ?? join(target, "debug", name));
  if (existsSync(path)) return path;
  throw new Error(`${path} is not there. Build it with \`cargo build -p botkube -p botkube-testkit\`, or say in ${variable} where it is.`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
