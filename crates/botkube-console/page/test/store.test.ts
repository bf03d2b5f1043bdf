import { beforeEach, expect, test } from "vitest";
import { MOST_ENTRIES, Store } from "../src/store.ts";
import type { Entry } from "../src/wire.ts";

const memory = (): Storage => {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
};
const entry = (id: number, revision: number, more: Partial<Entry> = {}): Entry => ({ id: String(id), revision, at: id, by: { id: "bot", name: "Botkube" }, ...more });
const put = (store: Store, entries: Entry[], reset = false) => store.take({ type: "entries", channel: "ops", reset, entries });
const greet = (store: Store) =>
  store.take({
    type: "welcome",
    agent: "a",
    version: "1",
    cluster: "demo",
    person: { id: "me", name: "Ada" },
    channels: [{ alias: "ops", name: "ops", executors: [], notifications: true }],
  });
const ids = (store: Store) => store.room("ops").entries.map(({ id }) => id);

let storage: Storage;
let store: Store;
beforeEach(() => {
  storage = memory();
  store = new Store(storage);
  greet(store);
});

test("an entry takes the place of its earlier revision only", () => {
  put(store, [entry(1, 1), entry(2, 2)]);
  put(store, [entry(1, 3, { text: "new" }), entry(2, 1, { text: "old" })]);
  expect(store.room("ops").entries).toEqual([entry(1, 3, { text: "new" }), entry(2, 2)]);
  expect(store.seen()).toEqual({ ops: 3 });
});
test("entries stand in the order they were made in, whatever order they come in", () => {
  put(store, [entry(10, 5)]);
  put(store, [entry(11, 7), entry(9, 8)]);
  expect(ids(store)).toEqual(["9", "10", "11"]);
});
test("a reset forgets what was there", () => {
  put(store, [entry(7, 70)]);
  put(store, [entry(1, 1)], true);
  expect(ids(store)).toEqual(["1"]);
  expect(store.seen()).toEqual({ ops: 1 });
});
test("the newest are kept", () => {
  put(store, Array.from({ length: MOST_ENTRIES + 5 }, (_, at) => entry(at, at + 1)));
  expect(store.room("ops").entries.length).toBe(MOST_ENTRIES);
  expect(ids(store)[0]).toBe("5");
  expect(store.room("ops").unread.size).toBe(MOST_ENTRIES);
});
test("what others alone may see is not shown", () => {
  put(store, [entry(1, 1, { onlyFor: "you" }), entry(2, 2, { onlyFor: "me" })]);
  expect(ids(store)).toEqual(["2"]);
});

test("output grows at its end", () => {
  put(store, [entry(1, 4, { message: { baseBody: { codeBlock: "a" } } }), entry(2, 5)]);
  expect(store.take({ type: "grown", channel: "ops", id: "1", revision: 6, text: "b" })).toBe(true);
  expect(store.room("ops").entries[0]).toMatchObject({ revision: 6, message: { baseBody: { codeBlock: "ab" } } });
  expect(store.grew.has("1")).toBe(true);
});
test("growth that was seen before changes nothing", () => {
  put(store, [entry(1, 6, { message: { baseBody: { codeBlock: "ab" } } })]);
  expect(store.take({ type: "grown", channel: "ops", id: "1", revision: 6, text: "b" })).toBe(true);
  expect(store.room("ops").entries[0]?.message?.baseBody?.codeBlock).toBe("ab");
});
test("growth after a missed change, or of an unknown entry, has the channel asked for", () => {
  put(store, [entry(1, 4)]);
  expect(store.take({ type: "grown", channel: "ops", id: "1", revision: 6, text: "b" })).toBe(false);
  expect(store.take({ type: "grown", channel: "ops", id: "2", revision: 5, text: "b" })).toBe(false);
});

test("entries are unread until they are seen, except one's own", () => {
  put(store, [entry(1, 1), entry(2, 2, { by: { id: "me", name: "Ada" } })]);
  expect(store.unread()).toBe(1);
  store.markRead("ops");
  put(store, [entry(1, 3, { text: "changed" })]);
  expect(store.unread()).toBe(0);
  put(store, [entry(3, 4)]);
  expect([...store.room("ops").unread]).toEqual(["3"]);
});
test("what was read is remembered over a reload", () => {
  put(store, [entry(1, 1), entry(2, 2)]);
  store.markRead("ops");
  const again = new Store(storage);
  greet(again);
  put(again, [entry(1, 1), entry(2, 2), entry(3, 3)]);
  expect([...again.room("ops").unread]).toEqual(["3"]);
});
