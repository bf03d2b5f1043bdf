// The connection to the agent: made again when lost, greeted with what was seen, and with every frame sent again, under the
// same key, that was not answered. Knows nothing of what frames mean beyond that.

import { parse, type Incoming, type Keyed, type Outgoing } from "./wire.ts";

/** What of a WebSocket is used. */
export type Socket = Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose">;

export type LinkState =
  | { is: "connecting" }
  | { is: "open" }
  /** Tried again at `at`, milliseconds since 1970. */
  | { is: "lost"; at: number }
  /** The agent does not talk to this browser. */
  | { is: "refused"; reason: string };

/** Everything the connection needs from outside. */
export interface Surroundings {
  open(): Socket;
  /** Why the agent does not let this browser connect; nothing when it cannot be reached. */
  why(): Promise<string | undefined>;
  /** The highest revision seen of each channel. */
  seen(): Record<string, number>;
  receive(frame: Incoming): void;
  changed(): void;
  /** Keeps unanswered frames over a reload. */
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/** How a keyed frame was answered. */
export type Answer = { accepted: true } | { accepted: false; reason: string };

interface Waiting {
  frame: Keyed;
  settle: (answer: Answer) => void;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
const REFUSED_PAUSE = 30_000;
/** How long the agent may take to greet, and to answer a frame, before the connection counts as dead. */
const PATIENCE = 15_000;
const MOST_WAITING = 100;
const STORED = "botkube.unanswered";

export class Link {
  state: LinkState = { is: "connecting" };
  private readonly waiting = new Map<string, Waiting>();
  private socket: Socket | undefined;
  private pause = FIRST_PAUSE;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;
  private lastSent = "";

  constructor(private readonly around: Surroundings) {
    for (const frame of this.stored()) this.waiting.set(frame.key, { frame, settle: () => {} });
  }

  /** The frames without an answer, oldest first. */
  unanswered(): Keyed[] {
    return [...this.waiting.values()].map(({ frame }) => frame);
  }

  connect(): void {
    clearTimeout(this.retry);
    this.drop();
    this.become({ is: "connecting" });
    const socket = this.around.open();
    let opened = false;
    this.socket = socket;
    this.watch();
    socket.onopen = () => {
      if (socket !== this.socket) return;
      opened = true;
      this.hello(this.around.seen());
      for (const { frame } of this.waiting.values()) this.transmit(frame);
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      const frame = typeof data === "string" ? parse(data) : undefined;
      if (frame) this.take(frame);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.socket) void this.lost(opened, code, reason);
    };
  }

  /** Connects now instead of after the pause. */
  hurry(): void {
    if (this.state.is === "lost" || this.state.is === "refused") this.connect();
  }

  /** Says what was seen, so that the agent sends the rest. */
  hello(seen: Record<string, number>): void {
    this.transmit({ type: "hello", seen });
  }

  /** Sends a frame that needs no answer; without a connection it is not sent. */
  send(frame: Exclude<Outgoing, Keyed>): boolean {
    if (this.state.is !== "open") return false;
    this.transmit(frame);
    return true;
  }

  /** Sends a frame until it is answered. */
  request(frame: Keyed): Promise<Answer> {
    if (this.waiting.size >= MOST_WAITING) {
      const reason = `${MOST_WAITING} others still wait for the agent to answer. Try again when it does.`;
      return Promise.resolve({ accepted: false, reason });
    }
    return new Promise((settle) => {
      this.waiting.set(frame.key, { frame, settle });
      this.store();
      if (this.state.is === "open") {
        this.transmit(frame);
        this.watch();
      }
      this.around.changed();
    });
  }

  close(): void {
    clearTimeout(this.retry);
    this.drop();
  }

  private take(frame: Incoming): void {
    if (frame.type === "welcome") {
      this.pause = FIRST_PAUSE;
      this.become({ is: "open" });
    }
    if (frame.type === "accepted") this.settle(frame.key, { accepted: true });
    if (frame.type === "rejected") this.settle(frame.key, { accepted: false, reason: frame.reason });
    this.watch();
    this.around.receive(frame);
  }

  private settle(key: string, answer: Answer): void {
    const waiting = this.waiting.get(key);
    if (!waiting) return;
    this.waiting.delete(key);
    this.store();
    waiting.settle(answer);
    this.around.changed();
  }

  private async lost(opened: boolean, code: number, reason: string): Promise<void> {
    this.drop();
    // A frame the agent closes the connection for would close the next one too.
    if ((code === 1008 || code === 1009) && this.waiting.has(this.lastSent)) {
      this.settle(this.lastSent, { accepted: false, reason: reason || "The agent closed the connection because of this." });
    }
    const pause = this.pause * (0.8 + Math.random() * 0.4);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.again(pause, { is: "lost", at: Date.now() + pause });
    if (opened) return;
    const why = await this.around.why();
    if (why && this.state.is === "lost") this.again(REFUSED_PAUSE, { is: "refused", reason: why });
  }

  private again(pause: number, state: LinkState): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), pause);
    this.become(state);
  }

  private transmit(frame: Outgoing): void {
    this.lastSent = "key" in frame ? frame.key : this.lastSent;
    this.socket?.send(JSON.stringify(frame));
  }

  /** Starts to wait for what the agent owes, if anything. */
  private watch(): void {
    clearTimeout(this.patience);
    if (this.state.is === "open" && this.waiting.size === 0) return;
    this.patience = setTimeout(() => void this.lost(true, 1006, ""), PATIENCE);
  }

  private drop(): void {
    clearTimeout(this.patience);
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private become(state: LinkState): void {
    this.state = state;
    this.around.changed();
  }

  private store(): void {
    try {
      if (this.waiting.size) this.around.storage.setItem(STORED, JSON.stringify(this.unanswered()));
      else this.around.storage.removeItem(STORED);
    } catch {
      // Too much for the browser to keep: then it lasts as long as the page.
    }
  }

  private stored(): Keyed[] {
    try {
      const frames: unknown = JSON.parse(this.around.storage.getItem(STORED) ?? "[]");
      return Array.isArray(frames) ? frames.filter((frame) => typeof frame?.key === "string") : [];
    } catch {
      return [];
    }
  }
}
