// What the agent told: channels and their entries, by revision, and which of them were read. Knows no connection and no
// element. Lists are never changed in place, so whoever holds one may compare it with the next.

import type { Channel, Entry, Grown, Incoming, Person, Welcome } from "./wire.ts";

/** As many as the agent keeps of a channel. */
export const MOST_ENTRIES = 1000;
const STORED = "botkube.read";

export interface Room {
  readonly entries: readonly Entry[];
  /** The highest revision of all entries. */
  readonly highest: number;
  /** Those that were not read, by id. */
  readonly unread: ReadonlySet<string>;
}

const EMPTY: Room = { entries: [], highest: 0, unread: new Set() };

export class Store {
  agent = "";
  version = "";
  cluster = "";
  person: Person = { id: "", name: "" };
  channels: readonly Channel[] = [];
  /** Entries that grew on this page: their end is what is new. */
  readonly grew = new Set<string>();
  private readonly rooms = new Map<string, Room>();
  private readonly read: Record<string, number>;

  constructor(private readonly storage: Pick<Storage, "getItem" | "setItem">) {
    this.read = recall(storage);
  }

  room(alias: string): Room {
    return this.rooms.get(alias) ?? EMPTY;
  }

  /** The highest revision seen of each channel, as the agent asks for it. */
  seen(): Record<string, number> {
    return Object.fromEntries([...this.rooms].map(([alias, room]) => [alias, room.highest]));
  }

  unread(): number {
    return this.channels.reduce((sum, { alias }) => sum + this.room(alias).unread.size, 0);
  }

  /** Takes a frame; false when the store lacks what it builds on and the channel must be asked for again. */
  take(frame: Incoming): boolean {
    switch (frame.type) {
      case "welcome":
        this.welcome(frame);
        return true;
      case "entries":
        this.put(frame.channel, frame.entries, frame.reset);
        return true;
      case "grown":
        return this.grow(frame);
      default:
        return true;
    }
  }

  /** Everything in the channel was seen by the person. */
  markRead(alias: string): boolean {
    const room = this.room(alias);
    if (!room.unread.size && this.read[alias] === room.highest) return false;
    this.read[alias] = room.highest;
    this.rooms.set(alias, { ...room, unread: new Set() });
    try {
      this.storage.setItem(STORED, JSON.stringify(this.read));
    } catch {
      // Without storage, what was read is forgotten with the page.
    }
    return true;
  }

  private welcome({ agent, version, cluster, person, channels }: Welcome): void {
    Object.assign(this, { agent, version, cluster, person, channels });
    const known = new Set(channels.map(({ alias }) => alias));
    for (const alias of this.rooms.keys()) if (!known.has(alias)) this.rooms.delete(alias);
    for (const alias of known) if (!this.rooms.has(alias)) this.rooms.set(alias, EMPTY);
  }

  private put(alias: string, entries: Entry[], reset: boolean): void {
    const before = reset ? EMPTY : this.room(alias);
    if (reset) delete this.read[alias];
    const all = new Map(before.entries.map((entry) => [entry.id, entry]));
    const unread = new Set(before.unread);
    const read = this.read[alias] ?? 0;
    let { highest } = before;
    let sorted = true;
    let last = before.entries.at(-1);
    for (const entry of entries) {
      highest = Math.max(highest, entry.revision);
      const old = all.get(entry.id);
      if ((old && old.revision >= entry.revision) || !this.isForMe(entry)) continue;
      if (!old) {
        if (entry.revision > read && entry.by.id !== this.person.id) unread.add(entry.id);
        if (last && order(last, entry) > 0) sorted = false;
        last = entry;
      }
      all.set(entry.id, entry);
    }
    let list = [...all.values()];
    if (!sorted) list.sort(order);
    for (const { id } of list.slice(0, -MOST_ENTRIES)) {
      unread.delete(id);
      this.grew.delete(id);
    }
    list = list.slice(-MOST_ENTRIES);
    this.rooms.set(alias, { entries: list, highest, unread });
  }

  private grow({ channel, id, revision, text }: Grown): boolean {
    const room = this.room(channel);
    const at = room.entries.findLastIndex((entry) => entry.id === id);
    const entry = room.entries[at];
    if (entry && entry.revision >= revision) return true;
    // Other entries of the channel may have had revisions between this one's last and its next.
    if (!entry || (entry.revision !== revision - 1 && room.highest !== revision - 1)) return false;
    const baseBody = { ...entry.message?.baseBody };
    baseBody.codeBlock = (baseBody.codeBlock ?? "") + text;
    const entries = room.entries.with(at, { ...entry, revision, message: { ...entry.message, baseBody } });
    this.grew.add(id);
    this.rooms.set(channel, { ...room, entries, highest: Math.max(room.highest, revision) });
    return true;
  }

  private isForMe(entry: Entry): boolean {
    return !entry.onlyFor || entry.onlyFor === this.person.id;
  }
}

/** Entries are numbered as they come; others stand by their time. */
function order(one: Entry, other: Entry): number {
  const numbers = [one.id, other.id].every((id) => /^\d{1,15}$/.test(id));
  return (numbers && Number(one.id) - Number(other.id)) || one.at - other.at;
}

function recall(storage: Pick<Storage, "getItem">): Record<string, number> {
  try {
    const read: unknown = JSON.parse(storage.getItem(STORED) ?? "{}");
    return typeof read === "object" && read !== null ? (read as Record<string, number>) : {};
  } catch {
    return {};
  }
}
