// The frames between page and agent, and reading those of the agent. Knows no connection and no element.

/** Text in a section or message. */
export interface Body {
  codeBlock?: string;
  plaintext?: string;
}

export interface Button {
  description?: string;
  descriptionStyle?: string;
  name?: string;
  command?: string;
  url?: string;
  style?: string;
}

export interface Option {
  name?: string;
  value?: string;
}

export interface OptionGroup {
  name?: string;
  options?: Option[];
}

export interface Select {
  type?: string;
  name?: string;
  command?: string;
  optionGroups?: OptionGroup[];
  initialOption?: Option;
}

export interface MultiSelect {
  name?: string;
  description?: Body;
  command?: string;
  options?: Option[];
  initialOptions?: Option[];
}

export interface Input {
  command?: string;
  text?: string;
  placeholder?: string;
  /** Empty, `on_enter_pressed` or `on_character_entered`. */
  dispatchedAction?: string;
}

export interface Section {
  style?: { divider?: string };
  header?: string;
  description?: string;
  body?: Body;
  buttons?: Button[];
  multiSelect?: MultiSelect;
  selects?: { id?: string; items?: Select[] };
  plaintextInputs?: Input[];
  textFields?: { key?: string; value?: string }[];
  bulletLists?: { title?: string; items?: string[] }[];
  context?: { text?: string }[];
}

/** A message as plugins write it (contract-plugins §3), the bot's name taken out of it. */
export interface Message {
  type?: string;
  baseBody?: Body;
  timestamp?: string;
  sections?: Section[];
  plaintextInputs?: Input[];
}

export interface Person {
  id: string;
  name: string;
  bot?: boolean;
}

export type Status = "succeeded" | "failed" | "refused" | "cancelled" | "timedOut";

/** How a command is doing. */
export interface Live {
  command: string;
  since: number;
  state: { running: string } | { ended: { status: Status; tookMs: number } };
}

/** One line of a channel. */
export interface Entry {
  id: string;
  revision: number;
  /** Milliseconds since 1970. */
  at: number;
  by: Person;
  text?: string;
  how?: string;
  header?: string;
  message?: Message;
  live?: Live;
  file?: { name: string; size: number; url: string };
  onlyFor?: string;
  answers?: string;
}

export interface Channel {
  alias: string;
  name: string;
  executors: string[];
  notifications: boolean;
}

export interface Completion {
  text: string;
  about?: string;
}

/** What the controls of a message hold: values by control id. */
export type Entered = Record<string, string[]>;

/** A frame that does something. The agent never executes a key twice. */
export type Keyed =
  | { type: "say"; key: string; channel: string; text: string }
  | { type: "press"; key: string; channel: string; entry: string; control: string; values: string[]; entered: Entered }
  | { type: "cancel"; key: string; channel: string; command: string };

export type Outgoing =
  | Keyed
  | { type: "hello"; seen: Record<string, number> }
  | { type: "name"; name: string }
  | { type: "complete"; id: number; channel: string; text: string }
  | { type: "options"; id: number; channel: string; entry: string; control: string; query: string };

export interface Welcome {
  type: "welcome";
  agent: string;
  version: string;
  cluster: string;
  person: Person;
  channels: Channel[];
}

export interface Grown {
  type: "grown";
  channel: string;
  id: string;
  revision: number;
  text: string;
}

export type Incoming =
  | Welcome
  | Grown
  | { type: "entries"; channel: string; reset: boolean; entries: Entry[] }
  | { type: "form"; channel: string; entry: Entry }
  | { type: "accepted"; key: string }
  | { type: "rejected"; key: string; reason: string }
  | { type: "completions"; id: number; items: Completion[] }
  | { type: "options"; id: number; groups: OptionGroup[]; reason?: string }
  | { type: "problem"; reason: string };

type Json = Record<string, unknown>;

/** The frame in a text; nothing when it is none that this page knows. */
export function parse(text: string): Incoming | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isObject(frame) ? read(frame) : undefined;
}

/** The entries in the document of a still. */
export function parseEntries(text: string): Entry[] {
  try {
    return entries(JSON.parse(text));
  } catch {
    return [];
  }
}

function read(frame: Json): Incoming | undefined {
  const type = frame["type"];
  switch (type) {
    case "welcome":
      return {
        type,
        agent: string(frame["agent"]),
        version: string(frame["version"]),
        cluster: string(frame["cluster"]),
        person: person(frame["person"]),
        channels: list(frame["channels"]).flatMap(channel),
      };
    case "entries":
      return {
        type,
        channel: string(frame["channel"]),
        reset: frame["reset"] === true,
        entries: entries(frame["entries"]),
      };
    case "grown":
      return {
        type,
        channel: string(frame["channel"]),
        id: string(frame["id"]),
        revision: number(frame["revision"]),
        text: string(frame["text"]),
      };
    case "form": {
      const [entry] = entries([frame["entry"]]);
      return entry && { type, channel: string(frame["channel"]), entry };
    }
    case "accepted":
      return { type, key: string(frame["key"]) };
    case "rejected":
      return { type, key: string(frame["key"]), reason: string(frame["reason"]) };
    case "completions":
      return { type, id: number(frame["id"]), items: list(frame["items"]).filter(isObject).map(completion) };
    case "options": {
      const reason = string(frame["reason"]);
      const groups = list(frame["groups"]).filter(isObject) as OptionGroup[];
      return { type, id: number(frame["id"]), groups, ...(reason && { reason }) };
    }
    case "problem":
      return { type, reason: string(frame["reason"]) };
    default:
      return undefined;
  }
}

function entries(value: unknown): Entry[] {
  return list(value).flatMap((entry) => {
    if (!isObject(entry) || typeof entry["id"] !== "string" || typeof entry["revision"] !== "number") return [];
    return [{ ...(entry as object), at: number(entry["at"]), by: person(entry["by"]) } as Entry];
  });
}

function channel(value: unknown): Channel[] {
  if (!isObject(value) || typeof value["alias"] !== "string") return [];
  return [
    {
      alias: value["alias"],
      name: string(value["name"]) || value["alias"],
      executors: list(value["executors"]).map(string),
      notifications: value["notifications"] === true,
    },
  ];
}

function person(value: unknown): Person {
  const of = isObject(value) ? value : {};
  return { id: string(of["id"]), name: string(of["name"]), bot: of["bot"] === true };
}

function completion(value: Json): Completion {
  return { text: string(value["text"]), about: string(value["about"]) };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
