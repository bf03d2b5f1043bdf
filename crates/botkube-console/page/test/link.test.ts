import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Link, type Answer, type Socket, type Surroundings } from "../src/link.ts";
import type { Keyed } from "../src/wire.ts";

class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly sent: Record<string, unknown>[] = [];
  readonly send = (text: unknown) => void this.sent.push(JSON.parse(String(text)));
  readonly close = () => {};
  private get self() {
    return this as unknown as WebSocket;
  }
  open() {
    this.onopen?.call(this.self, new Event("open"));
  }
  receive(frame: unknown) {
    this.onmessage?.call(this.self, { data: typeof frame === "string" ? frame : JSON.stringify(frame) } as MessageEvent);
  }
  welcome() {
    this.receive({ type: "welcome", agent: "a", person: { id: "p", name: "" }, channels: [] });
  }
  lose(code = 1006, reason = "") {
    this.onclose?.call(this.self, { code, reason } as CloseEvent);
  }
}

let sockets: FakeSocket[];
let kept: Map<string, string>;
let around: Surroundings;
let why: string | undefined;
const say = (key: string): Keyed => ({ type: "say", key, channel: "ops", text: key });
const types = (socket: FakeSocket) => socket.sent.map(({ type, key }) => (key ? `${type} ${key}` : type));
const next = () => sockets.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  kept = new Map();
  why = undefined;
  around = {
    open: () => sockets[sockets.push(new FakeSocket()) - 1]!,
    why: async () => why,
    seen: () => ({ ops: 7 }),
    receive: () => {},
    changed: () => {},
    storage: {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    },
  };
});
afterEach(() => vi.useRealTimers());

const connected = () => {
  const link = new Link(around);
  link.connect();
  next().open();
  next().welcome();
  return link;
};

test("the first frame says what was seen", () => {
  connected();
  expect(next().sent).toEqual([{ type: "hello", seen: { ops: 7 } }]);
});
test("a frame that was not answered is sent again with its key, one that was is not", async () => {
  const link = connected();
  const first = link.request(say("k1"));
  void link.request(say("k2"));
  next().receive({ type: "accepted", key: "k1" });
  expect(await first).toEqual<Answer>({ accepted: true });
  next().lose();
  await vi.advanceTimersByTimeAsync(400);
  next().open();
  expect(sockets.length).toBe(2);
  expect(types(next())).toEqual(["hello", "say k2"]);
});
test("what is said without a connection is sent once there is one", async () => {
  const link = new Link(around);
  link.connect();
  void link.request(say("k1"));
  next().open();
  next().welcome();
  expect(types(next())).toEqual(["hello", "say k1"]);
});
test("unanswered frames outlive a reload", () => {
  void connected().request(say("k1"));
  const before = next();
  const again = new Link(around);
  again.connect();
  next().open();
  expect(next()).not.toBe(before);
  expect(types(next())).toEqual(["hello", "say k1"]);
  next().receive({ type: "accepted", key: "k1" });
  expect(kept.size).toBe(0);
});
test("a refusal carries its reason", async () => {
  const answer = connected().request(say("k1"));
  next().receive({ type: "rejected", key: "k1", reason: "busy" });
  expect(await answer).toEqual({ accepted: false, reason: "busy" });
});
test("a frame the agent closes the connection for is not sent again", async () => {
  const answer = connected().request(say("k1"));
  next().lose(1009, "too long");
  expect(await answer).toEqual({ accepted: false, reason: "too long" });
});
test("pauses between attempts grow to ten seconds", async () => {
  const link = new Link(around);
  link.connect();
  for (let attempt = 0; attempt < 12; attempt += 1) {
    next().lose();
    await vi.advanceTimersByTimeAsync(12_000);
  }
  expect(sockets.length).toBe(13);
  next().lose();
  await vi.advanceTimersByTimeAsync(7_000);
  expect(sockets.length).toBe(13);
  link.close();
});
test("an agent that does not know the browser is told of, and asked less often", async () => {
  why = "Open the link again.";
  const link = new Link(around);
  link.connect();
  next().lose();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(link.state).toEqual({ is: "refused", reason: why });
  expect(sockets.length).toBe(1);
});
test("an agent that does not greet or answer counts as gone", async () => {
  const link = new Link(around);
  link.connect();
  next().open();
  await vi.advanceTimersByTimeAsync(16_000);
  expect(sockets.length).toBe(2);
  next().open();
  next().welcome();
  void link.request(say("k1"));
  await vi.advanceTimersByTimeAsync(16_000);
  expect(sockets.length).toBe(3);
  next().open();
  expect(types(next())).toEqual(["hello", "say k1"]);
});
test("a quiet connection is left alone", async () => {
  connected();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(sockets.length).toBe(1);
});
test("frames nobody can read are passed over", () => {
  const received = vi.spyOn(around, "receive");
  connected();
  for (const text of ["", "{", "null", "[]", '{"type":"else"}', '{"type":5}', '{"type":"form","entry":{}}']) next().receive(text);
  expect(received).toHaveBeenCalledTimes(1);
});
test("there is a bound to what waits", async () => {
  const link = connected();
  for (let at = 0; at < 100; at += 1) void link.request(say(`k${at}`));
  expect(await link.request(say("one more"))).toMatchObject({ accepted: false });
});
