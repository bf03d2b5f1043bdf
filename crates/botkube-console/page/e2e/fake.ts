// A small agent that speaks the page's protocol: enough commands to use every part of the page. Knows no browser.
// Run by itself (`node --import …` or vitest's runner) it prints its address.

import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { randomUUID } from "node:crypto";
import { WebSocketServer, type WebSocket } from "ws";
import type { Channel, Completion, Entry, Incoming, Message, OptionGroup, Outgoing, Person } from "../src/wire.ts";
import { ATTACKS, attack, form, gallery, TOP } from "./gallery.ts";

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html";
const TYPES: Record<string, string> = { "/": "text/html", "/app.js": "text/javascript", "/app.css": "text/css" };
const LONGEST_FRAME = 1024 * 1024;
const BOT: Person = { id: "bot", name: "Botkube", bot: true };
const COMMANDS: Completion[] = [
  { text: "echo hello", about: "Says it back" },
  { text: "gallery", about: "One of everything a message can hold" },
  { text: "help", about: "What can be done here" },
  { text: "sys disk", about: "How full the disks are" },
  { text: "sys top", about: "What uses the machine" },
  { text: "sys watch", about: "The same, until it is cancelled" },
];

interface Client {
  socket: WebSocket;
  person: Person;
}

interface Run {
  entry: Entry;
  channel: string;
  timer: NodeJS.Timeout;
}

export class Fake {
  readonly executed: string[] = [];
  private readonly agent = randomUUID();
  private readonly keys = new Set<string>();
  private readonly persons = new Map<string, Person>();
  private readonly clients = new Set<Client>();
  private readonly rooms = new Map<string, Entry[]>();
  private readonly runs = new Map<string, Run>();
  private revision = 0;
  private count = 0;

  private constructor(
    readonly url: string,
    private readonly server: Server,
    private readonly channels: Channel[],
  ) {
    for (const { alias } of channels) this.rooms.set(alias, []);
  }

  static async start(channels: Channel[] = CHANNELS): Promise<Fake> {
    const dist = new URL("../dist/", import.meta.url);
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const type = TYPES[pathname];
      if (pathname.startsWith("/files/")) {
        response.writeHead(200, { "content-type": "text/plain", "content-disposition": "attachment" }).end("the whole output");
      } else if (!type) {
        response.writeHead(404).end();
      } else {
        const cookie = /person=/.test(request.headers.cookie ?? "") ? {} : { "set-cookie": `person=p-${randomUUID()}; HttpOnly; SameSite=Strict` };
        response
          .writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-security-policy": CSP, "cache-control": "no-store", ...cookie })
          .end(readFileSync(new URL(pathname === "/" ? "index.html" : pathname.slice(1), dist)));
      }
    });
    const port = Number(process.env["PORT"] ?? 0);
    await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
    const fake = new Fake(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server, channels);
    const sockets = new WebSocketServer({ server, path: "/ws", maxPayload: LONGEST_FRAME });
    sockets.on("connection", (socket, request) => {
      const id = /person=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? randomUUID();
      const person = fake.persons.get(id) ?? { id, name: "" };
      fake.persons.set(id, person);
      const client = { socket, person };
      fake.clients.add(client);
      socket.on("close", () => fake.clients.delete(client));
      socket.on("error", () => {});
      socket.on("message", (data) => fake.take(client, JSON.parse(String(data)) as Outgoing));
    });
    return fake;
  }

  stop(): void {
    for (const { timer } of this.runs.values()) clearInterval(timer);
    for (const { socket } of this.clients) socket.terminate();
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Shows a message in a channel. */
  post(channel: string, entry: Partial<Entry>): Entry {
    const whole: Entry = { by: BOT, at: Date.now(), ...entry, id: String(++this.count), revision: ++this.revision };
    this.show(channel, whole);
    return whole;
  }

  private show(channel: string, entry: Entry): void {
    const room = this.rooms.get(channel)!;
    const at = room.findIndex(({ id }) => id === entry.id);
    if (at === -1) room.push(entry);
    else room[at] = entry;
    room.splice(0, room.length - 1000);
    for (const client of this.clients) {
      if (!entry.onlyFor || entry.onlyFor === client.person.id) this.send(client, { type: "entries", channel, reset: false, entries: [entry] });
    }
  }

  private take(client: Client, frame: Outgoing): void {
    switch (frame.type) {
      case "hello":
        this.send(client, { type: "welcome", agent: this.agent, version: "1.0.0", cluster: "demo", person: client.person, channels: this.channels });
        for (const [channel, room] of this.rooms) {
          const after = frame.seen[channel] ?? 0;
          const entries = room.filter((entry) => entry.revision > after && (!entry.onlyFor || entry.onlyFor === client.person.id));
          this.send(client, { type: "entries", channel, reset: false, entries });
        }
        return;
      case "name":
        client.person.name = frame.name;
        return;
      case "complete": {
        const items = COMMANDS.filter(({ text }) => text.startsWith(frame.text));
        this.send(client, { type: "completions", id: frame.id, items });
        return;
      }
      case "options": {
        const options = Array.from({ length: 300 }, (_, at) => ({ name: `web-${at}`, value: `web-${at}` }));
        const groups: OptionGroup[] = [{ name: "Pods", options: options.filter(({ name }) => name.includes(frame.query)) }];
        this.send(client, { type: "options", id: frame.id, groups });
        return;
      }
    }
    if (!this.rooms.has(frame.channel)) {
      this.send(client, { type: "rejected", key: frame.key, reason: `There is no channel \`${frame.channel}\`.` });
      return;
    }
    if (frame.type === "say" && frame.text === "no") {
      this.send(client, { type: "rejected", key: frame.key, reason: "The agent is busy with 64 commands." });
      return;
    }
    const before = this.keys.has(frame.key);
    this.keys.add(frame.key);
    if (before) {
      this.send(client, { type: "accepted", key: frame.key });
      return;
    }
    if (frame.type === "say") {
      const said = this.post(frame.channel, { by: { ...client.person }, text: frame.text, how: "typed" });
      this.send(client, { type: "accepted", key: frame.key });
      this.run(client, frame.channel, frame.text, said.id);
    } else if (frame.type === "press") {
      this.send(client, { type: "accepted", key: frame.key });
      const how = { b: "buttonClick", s: "selectValueChange", m: "multiSelectValueChange", i: "plainTextInput" }[frame.control[0]!]!;
      const text = `press ${frame.control} ${frame.values.join(",")}`.trim();
      const said = this.post(frame.channel, { by: { ...client.person }, text, how });
      const opens = frame.control === "b3.0";
      this.run(client, frame.channel, opens ? "form" : text, said.id);
    } else {
      const run = [...this.runs.values()].find(({ entry }) => entry.live?.command === frame.command);
      this.send(client, { type: "accepted", key: frame.key });
      if (run) this.end(run, "cancelled");
    }
  }

  private run(client: Client, channel: string, text: string, answers: string): void {
    this.executed.push(text);
    const command = `c${this.count}`;
    const since = Date.now();
    const header = `\`${text.split("\n")[0]}\` on \`demo\``;
    const done = (tookMs: number) => ({ command, since, state: { ended: { status: "succeeded" as const, tookMs } } });
    const answer = (message: Message, more: Partial<Entry> = {}) => this.post(channel, { header, message, answers, live: done(12), ...more });
    const [word, second] = text.split(" ");
    if (text === "gallery") answer(gallery);
    else if (text === "form") this.send(client, { type: "form", channel, entry: { id: String(++this.count), revision: ++this.revision, at: since, by: BOT, header: "New note", message: form } });
    else if (text === "attack") for (const one of ATTACKS) this.post(channel, { by: { id: one, name: one }, header: one, text: one, message: attack(one), file: { name: one, size: 1, url: one }, live: { command: one, since, state: { running: one } } });
    else if (text === "private") answer({ baseBody: { plaintext: "Nobody else reads this." } }, { onlyFor: client.person.id });
    else if (text === "file") answer({ baseBody: { plaintext: "Too long for a message:" } }, { file: { name: "output.txt", size: 123456, url: "/files/9c1" } });
    else if (text === "fail") answer({ baseBody: { codeBlock: "pods \"web\" not found" } }, { live: { command, since, state: { ended: { status: "failed", tookMs: 3200 } } } });
    else if (text === "long") answer({ baseBody: { codeBlock: Array.from({ length: 400 }, (_, at) => `line ${at + 1} of a long output`).join("\n") } });
    else if (word === "sys" && second === "watch") {
      const entry = this.post(channel, { header, answers, message: { baseBody: { codeBlock: TOP } }, live: { command, since, state: { running: "1 look" } } });
      let looks = 1;
      const run: Run = {
        channel,
        entry,
        timer: setInterval(() => {
          looks += 1;
          run.entry = { ...run.entry, revision: ++this.revision, live: { command, since, state: { running: `${looks} looks` } } };
          this.show(channel, run.entry);
        }, 200),
      };
      this.runs.set(entry.id, run);
    } else if (text === "grow") {
      let entry = this.post(channel, { header, answers, message: { baseBody: { codeBlock: "line 1\n" } }, live: { command, since, state: { running: "" } } });
      let lines = 1;
      const run: Run = {
        channel,
        entry,
        timer: setInterval(() => {
          lines += 1;
          const codeBlock = `${entry.message!.baseBody!.codeBlock}line ${lines}\n`;
          entry = run.entry = { ...entry, revision: ++this.revision, message: { baseBody: { codeBlock } } };
          const room = this.rooms.get(channel)!;
          room[room.findIndex(({ id }) => id === entry.id)] = entry;
          for (const one of this.clients) this.send(one, { type: "grown", channel, id: entry.id, revision: entry.revision, text: `line ${lines}\n` });
          if (lines === 60) this.end(run, "succeeded");
        }, 15),
      };
      this.runs.set(entry.id, run);
    } else if (word === "fill") {
      const entries: Entry[] = Array.from({ length: Number(second) }, (_, at) => ({
        id: String(++this.count),
        revision: ++this.revision,
        at: since - 60_000 * (Number(second) - at),
        by: at % 3 === 0 ? { id: "p-grace", name: "Grace Hopper" } : BOT,
        ...(at % 3 === 0 ? { text: `sys top ${at}`, how: "typed" } : { header: `\`sys top ${at}\` on \`demo\``, message: { baseBody: { plaintext: `Answer *${at}*`, codeBlock: TOP }, sections: [{ buttons: [{ name: "Refresh", command: "sys top" }, { name: "Disk", command: "sys disk" }] }] }, live: done(at) }),
      }));
      const room = this.rooms.get(channel)!;
      room.push(...entries);
      room.splice(0, room.length - 1000);
      for (const one of this.clients) this.send(one, { type: "entries", channel, reset: false, entries: entries.slice(-1000) });
    } else if (word === "echo") answer({ baseBody: { codeBlock: text.slice(5) } });
    else if (text === "sys top") answer({ baseBody: { codeBlock: TOP }, sections: [{ buttons: [{ name: "Refresh", command: "sys top", style: "primary" }] }] });
    else answer({ baseBody: { codeBlock: text } });
  }

  private end(run: Run, status: "cancelled" | "succeeded"): void {
    clearInterval(run.timer);
    this.runs.delete(run.entry.id);
    const { command, since } = run.entry.live!;
    this.show(run.channel, { ...run.entry, revision: ++this.revision, live: { command, since, state: { ended: { status, tookMs: Date.now() - since } } } });
  }

  private send({ socket }: Client, frame: Incoming): void {
    socket.send(JSON.stringify(frame));
  }
}

export const CHANNELS: Channel[] = [
  { alias: "ops", name: "ops", executors: ["tools", "kubectl"], notifications: true },
  { alias: "deploys", name: "deploys", executors: ["tools"], notifications: true },
  { alias: "alerts", name: "alerts", executors: [], notifications: false },
];
