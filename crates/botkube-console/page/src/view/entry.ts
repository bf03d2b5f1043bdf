// One line of a channel: who said it, the message and its controls, how its command is doing, a file. Keeps what was typed
// into the controls while the message changes. Knows no other entry.

import { html, nothing, type PropertyValues } from "lit";
import { kept } from "../controls.ts";
import type { Session } from "../session.ts";
import { clock, fileUrl, lineCount, lineStart, printable, size, took } from "../text.ts";
import type { Entered, Entry, Live, OptionGroup, Person } from "../wire.ts";
import { Element } from "./element.ts";
import { icons } from "./icons.ts";
import { message, when, type Hands } from "./message.ts";
import { line } from "./prose.ts";

/** A person's text is folded from this many lines, to so many. */
const LONG = 24;
const FOLDED = 12;
/** How long typing pauses before it is sent. */
const PAUSE = 300;

const ENDED = {
  succeeded: { icon: icons.check, text: "" },
  failed: { icon: icons.alert, text: "failed after " },
  refused: { icon: icons.ban, text: "refused" },
  cancelled: { icon: icons.stop, text: "cancelled after " },
  timedOut: { icon: icons.clock, text: "timed out after " },
} as const;

const USED: Record<string, string> = {
  buttonClick: "pressed a button",
  selectValueChange: "chose an option",
  multiSelectValueChange: "chose options",
  plainTextInput: "filled in a field",
};

export class EntryView extends Element {
  static override properties = {
    entry: { attribute: false },
    channel: {},
    session: { attribute: false },
    first: { type: Boolean, reflect: true },
    tail: { type: Boolean },
    entered: { state: true },
    busy: { state: true },
    unfolded: { state: true },
  };

  declare entry: Entry;
  declare channel: string;
  /** Nothing in a still, where no control can be used. */
  declare session: Session | undefined;
  /** Whether it begins what its author says. */
  declare first: boolean;
  declare tail: boolean;
  declare private entered: Entered;
  declare private busy: ReadonlySet<string>;
  declare private unfolded: boolean;
  private ticking: ReturnType<typeof setInterval> | undefined;
  private typing: ReturnType<typeof setTimeout> | undefined;
  private lastTyped = "";

  constructor() {
    super();
    this.channel = "";
    this.first = true;
    this.tail = false;
    this.entered = {};
    this.busy = new Set();
    this.unfolded = false;
  }

  override connectedCallback() {
    super.connectedCallback();
    this.role = "article";
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
    clearTimeout(this.typing);
    this.ticking = undefined;
  }

  override willUpdate(changed: PropertyValues<this>) {
    const before = changed.get("entry");
    if (before && this.entry.message !== before.message) {
      this.entered = kept(this.entered, before.message, this.entry.message);
    }
    const running = Boolean(this.entry.live && "running" in this.entry.live.state);
    // A screen reader reads it once, when it is whole.
    this.ariaBusy = String(running);
    this.dataset["id"] = this.entry.id;
    this.ariaLabel = `${printable(this.entry.by.name) || "Somebody"}, ${new Date(this.entry.at).toLocaleTimeString()}`;
    if (running && !this.ticking && this.isConnected) this.ticking = setInterval(() => this.requestUpdate(), 1000);
    if (!running) {
      clearInterval(this.ticking);
      this.ticking = undefined;
    }
  }

  override render() {
    const { entry } = this;
    return html`<div class="gutter">
        ${this.first ? avatar(entry.by) : html`<span class="stamp">${when(entry.at)}</span>`}
      </div>
      <div class="content">
        ${this.first
          ? html`<div class="by">
              <bdi class="author">${printable(entry.by.name) || "Somebody"}</bdi>
              ${entry.by.bot ? html`<span class="badge">app</span>` : nothing} ${when(entry.at)}
            </div>`
          : nothing}
        ${entry.onlyFor ? html`<p class="private">${icons.eye} Only visible to you</p>` : nothing}
        ${entry.header || entry.live
          ? html`<div class="head">
              ${entry.header ? html`<span class="command">${line(entry.header)}</span>` : nothing}
              ${entry.live ? this.live(entry.live) : nothing}
            </div>`
          : nothing}
        ${entry.text === undefined ? nothing : this.said(printable(entry.text))}
        ${entry.message ? message(entry.message, this.hands()) : nothing} ${entry.file ? this.file(entry.file) : nothing}
      </div>`;
  }

  private said(text: string) {
    const used = USED[this.entry.how ?? ""];
    if (used) return html`<p class="used"><span>${used}</span> <code>${text}</code></p>`;
    const lines = lineCount(text);
    const folded = lines > LONG && !this.unfolded;
    const toggle = () => (this.unfolded = !this.unfolded);
    return html`<p class="said">${folded ? text.slice(0, lineStart(text, FOLDED) - 1) : text}</p>
      ${lines > LONG
        ? html`<button class="fold" type="button" aria-expanded=${!folded} @click=${toggle}>
            ${folded ? `Show all ${lines.toLocaleString()} lines` : "Show less"}
          </button>`
        : nothing}`;
  }

  private live({ command, since, state }: Live) {
    if ("running" in state) {
      const cancel = () => this.use("cancel", () => this.session!.cancel(this.channel, command));
      return html`<span class="live running">
        <span class="spinner" aria-hidden="true"></span>
        <span role="timer" aria-label="Running">${clock(Date.now() - since)}</span>
        ${state.running ? html`<span class="progress">${line(state.running)}</span>` : nothing}
        <button
          class="control small"
          type="button"
          ?disabled=${!this.session}
          aria-busy=${this.busy.has("cancel")}
          aria-label=${`Cancel ${printable(this.entry.header).replaceAll("`", "") || command}`}
          @click=${cancel}
        >
          Cancel
        </button>
      </span>`;
    }
    const { status, tookMs } = state.ended;
    const { icon, text } = ENDED[status] ?? { icon: nothing, text: `${status} ` };
    return html`<span class="live ${status}" title=${`${command} ${status}`}>
      ${icon}<span class="visually-hidden">${status === "succeeded" ? "succeeded in " : ""}</span>${text}${status === "refused"
        ? nothing
        : took(tookMs)}
    </span>`;
  }

  private file(file: NonNullable<Entry["file"]>) {
    const name = printable(file.name) || "file";
    const href = this.session && fileUrl(file.url, location.href);
    const inside = html`${icons.file}<bdi>${name}</bdi><span class="muted">${size(file.size)}</span>`;
    return href
      ? html`<a class="file" href=${href} target="_blank" rel="noopener noreferrer">${inside}</a>`
      : html`<span class="file">${inside}</span>`;
  }

  private hands(): Hands {
    const { session, channel, entry } = this;
    const press = (control: string, values: string[]) => {
      clearTimeout(this.typing);
      void this.use(control, () => session!.press(channel, entry.id, control, values, this.entered));
    };
    return {
      disabled: !session,
      form: false,
      entered: this.entered,
      busy: this.busy,
      tail: this.tail,
      press,
      hold: (control, values) => (this.entered = { ...this.entered, [control]: values }),
      typed: (control, text) => {
        clearTimeout(this.typing);
        this.typing = setTimeout(() => {
          if (text.trim() === this.lastTyped) return;
          this.lastTyped = text.trim();
          press(control, [text]);
        }, PAUSE);
      },
      options: (control, query) =>
        session?.options(channel, entry.id, control, query) ?? Promise.resolve<OptionGroup[]>([]),
    };
  }

  /** Does it once: a second press before the answer is none. */
  private async use(control: string, press: () => Promise<void>) {
    if (!this.session || this.busy.has(control)) return;
    this.busy = new Set(this.busy).add(control);
    await press();
    const rest = new Set(this.busy);
    rest.delete(control);
    this.busy = rest;
  }
}

/** A person's first letters on a colour of their own. */
export function avatar(person: Person) {
  if (person.bot) return html`<span class="avatar bot">${icons.bot}</span>`;
  let hash = 0;
  for (const char of person.id) hash = (hash * 31 + char.codePointAt(0)!) % 997;
  const words = printable(person.name).trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
  return html`<span class="avatar hue-${hash % 6}" aria-hidden="true">${letters.toUpperCase() || "?"}</span>`;
}

customElements.define("bk-entry", EntryView);
