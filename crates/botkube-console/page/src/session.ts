// A person's session with the agent: what they do becomes frames, what the agent says becomes state. The one place that
// knows connection and store; it knows no element.

import { Link, type Answer, type Socket } from "./link.ts";
import { Store } from "./store.ts";
import type { Completion, Entered, Entry, Incoming, Keyed, OptionGroup, Outgoing } from "./wire.ts";

/** What was said and is not in the channel yet. */
export interface Draft {
  key: string;
  channel: string;
  text: string;
  /** Why it will not be; absent while the agent was not heard. */
  reason?: string;
}

export interface Notice {
  id: number;
  text: string;
}

/** How many bytes one thing that is said may have. The agent's frames are bounded, and so is what a browser edits well. */
export const LONGEST_TEXT = 256 * 1024;
const MOST_NOTICES = 3;
/** How long completions and options may take. */
const PATIENCE = 10_000;
const NAME = "botkube.name";

type Asked = Extract<Outgoing, { id: number }>;
type Question = Asked extends infer Q ? (Q extends Asked ? Omit<Q, "id"> : never) : never;
type Reply = Extract<Incoming, { id: number }>;

export interface Outside {
  socket(): Socket;
  why(): Promise<string | undefined>;
  changed(): void;
  local: Storage;
  session: Storage;
}

export class Session {
  readonly store: Store;
  readonly link: Link;
  notices: readonly Notice[] = [];
  /** The form that is open. */
  form: { channel: string; entry: Entry } | undefined;
  private failed: readonly Draft[] = [];
  private readonly questions = new Map<number, (reply: Reply | undefined) => void>();
  private count = 0;
  /** Channels that were asked for again and are not here yet. */
  private readonly asked = new Set<string>();

  constructor(private readonly outside: Outside) {
    this.store = new Store(outside.local);
    this.link = new Link({
      open: () => outside.socket(),
      why: () => outside.why(),
      seen: () => this.store.seen(),
      receive: (frame) => this.receive(frame),
      changed: () => outside.changed(),
      storage: outside.session,
    });
  }

  /** What was said in the channel and is not there yet. */
  drafts(channel: string): Draft[] {
    const waiting = this.link.unanswered().filter((frame) => frame.type === "say");
    return [...this.failed, ...waiting].filter((draft) => draft.channel === channel);
  }

  async say(channel: string, text: string): Promise<void> {
    const frame: Keyed = { type: "say", key: newKey(), channel, text };
    const answer = await this.link.request(frame);
    if (answer.accepted) return;
    this.failed = [...this.failed, { key: frame.key, channel, text, reason: answer.reason }];
    this.outside.changed();
  }

  forget(draft: Draft): void {
    this.failed = this.failed.filter(({ key }) => key !== draft.key);
    this.outside.changed();
  }

  async press(channel: string, entry: string, control: string, values: string[], entered: Entered): Promise<void> {
    this.report(await this.link.request({ type: "press", key: newKey(), channel, entry, control, values, entered }));
  }

  async cancel(channel: string, command: string): Promise<void> {
    this.report(await this.link.request({ type: "cancel", key: newKey(), channel, command }));
  }

  /** How the text may go on; nothing without a connection. */
  async complete(channel: string, text: string): Promise<Completion[]> {
    const reply = await this.ask({ type: "complete", channel, text });
    return reply?.type === "completions" ? reply.items : [];
  }

  /** The options of a select whose plugin is asked for them. */
  async options(channel: string, entry: string, control: string, query: string): Promise<OptionGroup[] | string> {
    const reply = await this.ask({ type: "options", channel, entry, control, query });
    if (reply?.type !== "options") return "The agent did not answer. Type again to ask once more.";
    return reply.reason ?? reply.groups;
  }

  /** Remembered here too, for an agent that does not know the person any more. */
  name(name: string): void {
    this.outside.local.setItem(NAME, name);
    this.store.person = { ...this.store.person, name };
    this.link.send({ type: "name", name });
    this.outside.changed();
  }

  notice(text: string): void {
    const same = this.notices.filter((notice) => notice.text !== text);
    this.notices = [...same, { id: ++this.count, text }].slice(-MOST_NOTICES);
    this.outside.changed();
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.outside.changed();
  }

  closeForm(): void {
    this.form = undefined;
    this.outside.changed();
  }

  private receive(frame: Incoming): void {
    if (frame.type === "completions" || frame.type === "options") {
      this.questions.get(frame.id)?.(frame);
      return;
    }
    if (frame.type === "problem") this.notice(frame.reason);
    if (frame.type === "form") this.form = { channel: frame.channel, entry: frame.entry };
    if (frame.type === "welcome") {
      this.asked.clear();
      const known = this.outside.local.getItem(NAME);
      if (!frame.person.name && known) {
        frame.person.name = known;
        this.link.send({ type: "name", name: known });
      }
    }
    if (frame.type === "entries") this.asked.delete(frame.channel);
    if (!this.store.take(frame) && frame.type === "grown") this.askAgain(frame.channel);
    this.outside.changed();
  }

  /** An update was missed: what is newer than it may be here already, so the whole channel is asked for. */
  private askAgain(channel: string): void {
    if (this.asked.has(channel)) return;
    this.asked.add(channel);
    const { [channel]: _, ...seen } = this.store.seen();
    this.link.hello(seen);
  }

  private ask(question: Question): Promise<Reply | undefined> {
    const id = ++this.count;
    return new Promise((resolve) => {
      const settle = (reply: Reply | undefined) => {
        clearTimeout(timer);
        this.questions.delete(id);
        resolve(reply);
      };
      const timer = setTimeout(() => settle(undefined), PATIENCE);
      this.questions.set(id, settle);
      if (!this.link.send({ ...question, id })) settle(undefined);
    });
  }

  private report(answer: Answer): void {
    if (!answer.accepted) this.notice(answer.reason);
  }
}

/** A text nobody else makes. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
