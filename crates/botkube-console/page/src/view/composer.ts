// Where people write: completion of commands, what they wrote before, several lines. Knows no frame.

import { html, nothing, type PropertyValues } from "lit";
import { LONGEST_TEXT } from "../session.ts";
import { lineCount, printable, size } from "../text.ts";
import type { Completion } from "../wire.ts";
import { Element, newId } from "./element.ts";
import { icons } from "./icons.ts";

const TYPING = 60;
const MOST_SHOWN = 8;
/** From here on a browser is slow to paste. */
const SLOW = 8192;

export class Composer extends Element {
  static override properties = {
    channel: {},
    label: {},
    history: { attribute: false },
    complete: { attribute: false },
    text: { state: true },
    items: { state: true },
    active: { state: true },
    problem: { state: true },
  };

  declare channel: string;
  declare label: string;
  /** What the person wrote here before, newest last. */
  declare history: () => string[];
  declare complete: (text: string) => Promise<Completion[]>;
  declare private text: string;
  declare private items: Completion[];
  /** The completion that is marked; -1 for none. */
  declare private active: number;
  declare private problem: string;
  private readonly list = newId();
  private readonly unsent = new Map<string, string>();
  private typing: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;
  /** How far back in the history, and what was being written before. */
  private back = 0;
  private own = "";

  constructor() {
    super();
    this.channel = "";
    this.label = "";
    this.text = "";
    this.items = [];
    this.active = -1;
    this.problem = "";
  }

  override willUpdate(changed: PropertyValues<this>) {
    const before = changed.get("channel");
    if (before === undefined || before === this.channel) return;
    this.unsent.set(before, this.text);
    this.write(this.unsent.get(this.channel) ?? "");
  }

  /** Puts a text there to be sent. */
  fill(text: string) {
    this.write(text);
    void this.updateComplete.then(() => {
      this.area.focus();
      this.area.setSelectionRange(text.length, text.length);
    });
  }

  override focus() {
    this.area.focus();
  }

  override render() {
    const open = this.items.length > 0;
    const active = this.items[this.active];
    const lines = lineCount(this.text);
    return html`<div class="composer">
      ${open
        ? html`<div class="completions" id=${this.list} role="listbox" aria-label="Completions">
            ${this.items.map(
              (item, at) =>
                html`<div
                  id=${`${this.list}-${at}`}
                  class="option ${at === this.active ? "active" : ""}"
                  role="option"
                  aria-selected=${at === this.active}
                  @mousedown=${(event: Event) => event.preventDefault()}
                  @click=${() => this.take(item)}
                >
                  <code>${printable(item.text)}</code><span class="muted">${printable(item.about)}</span>
                </div>`,
            )}
            <div class="hint" aria-hidden="true"><kbd>Tab</kbd> completes <kbd>↑</kbd><kbd>↓</kbd> choose <kbd>Esc</kbd> closes</div>
          </div>`
        : nothing}
      <span class="visually-hidden" role="status">${open ? `${this.items.length} completions` : ""}</span>
      ${this.problem ? html`<p class="problem" role="alert">${icons.alert} ${this.problem}</p>` : nothing}
      <div class="box">
        <textarea
          id="composer"
          rows=${Math.min(lines, 12)}
          aria-label=${`Message ${printable(this.label)}`}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls=${open ? this.list : nothing}
          aria-activedescendant=${active ? `${this.list}-${this.active}` : nothing}
          placeholder=${`Message ${printable(this.label)}`}
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          .value=${this.text}
          @input=${this.typed}
          @keydown=${this.key}
          @paste=${this.paste}
          @blur=${this.shut}
        ></textarea>
        <button
          class="control primary send"
          type="button"
          aria-label="Send"
          title="Send (Enter)"
          ?disabled=${!this.text.trim()}
          @click=${this.send}
        >
          ${icons.send}
        </button>
      </div>
      <p class="keys" aria-hidden="true">
        ${lines > 1
          ? html`<span>${lines.toLocaleString()} lines, ${size(this.text.length)}</span>`
          : html`<span><kbd>/</kbd> to write</span>`}
        <span><kbd>Enter</kbd> sends</span><span><kbd>Shift</kbd> <kbd>Enter</kbd> new line</span><span><kbd>↑</kbd> history</span>
      </p>
    </div>`;
  }

  private typed() {
    this.text = this.area.value;
    this.problem = "";
    this.back = 0;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => void this.ask(), TYPING);
  }

  private async ask() {
    const { text } = this;
    const number = ++this.asked;
    const fits = text.trim() && text.length < 500 && !text.includes("\n") && this.area.selectionStart === text.length;
    const items = fits ? await this.complete(text) : [];
    if (number !== this.asked || this.text !== text || document.activeElement !== this.area) return;
    this.items = items.filter((item) => item.text !== text).slice(0, MOST_SHOWN);
    this.active = -1;
  }

  private key(event: KeyboardEvent) {
    if (event.isComposing) return;
    const { key, shiftKey } = event;
    const open = this.items.length > 0;
    const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
    if (key === "Escape" && open) this.shut();
    else if (key === "Tab" && open && !shiftKey && plain) this.take(this.items[Math.max(0, this.active)]!);
    else if (key === "ArrowDown" && open && plain) this.move(1);
    else if (key === "ArrowUp" && open && plain && this.active >= 0) this.move(-1);
    else if (key === "ArrowUp" && plain && this.isFirstLine()) this.recall(1);
    else if (key === "ArrowDown" && plain && this.back > 0) this.recall(-1);
    else if (key === "Enter" && !shiftKey && plain) {
      if (open && this.active >= 0) this.take(this.items[this.active]!);
      else this.send();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private move(by: number) {
    const count = this.items.length;
    this.active = (this.active + by + count) % count;
    void this.updateComplete.then(() => this.querySelector(".option.active")?.scrollIntoView({ block: "nearest" }));
  }

  /** What was written before, or what was being written. */
  private recall(by: number) {
    const history = this.history();
    const to = this.back + by;
    if (to > history.length) return;
    if (this.back === 0) this.own = this.text;
    const text = to === 0 ? this.own : history.at(-to)!;
    this.fill(text);
    this.back = to;
  }

  private isFirstLine(): boolean {
    return (this.text === "" || this.back > 0) && !this.area.value.slice(0, this.area.selectionStart).includes("\n");
  }

  private take(item: Completion) {
    this.fill(item.text);
    clearTimeout(this.typing);
    void this.updateComplete.then(() => this.ask());
  }

  /** A browser stands still over thousands of lines that it pastes by itself, and over any text that is too long. */
  private paste(event: ClipboardEvent) {
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    const { area } = this;
    const kept = this.text.length - (area.selectionEnd - area.selectionStart);
    if (pasted.length < SLOW) return;
    event.preventDefault();
    if (bytes(pasted) + kept <= LONGEST_TEXT) {
      area.setRangeText(pasted, area.selectionStart, area.selectionEnd, "end");
      this.typed();
      return;
    }
    const lines = lineCount(pasted);
    this.problem =
      `Nothing was pasted: that is ${size(bytes(pasted))} in ${lines.toLocaleString()} lines, ` +
      `and one message holds at most ${size(LONGEST_TEXT)}. Paste it in parts.`;
  }

  private send() {
    const text = this.area.value.trim();
    if (!text) return;
    if (bytes(text) > LONGEST_TEXT) {
      this.problem = `Not sent: that is ${size(bytes(text))}, and one message holds at most ${size(LONGEST_TEXT)}.`;
      return;
    }
    this.write("");
    this.dispatchEvent(new CustomEvent("say", { detail: text }));
  }

  private write(text: string) {
    this.text = text;
    this.problem = "";
    this.back = 0;
    this.shut();
  }

  private shut() {
    this.asked += 1;
    clearTimeout(this.typing);
    this.items = [];
    this.active = -1;
  }

  private get area(): HTMLTextAreaElement {
    return this.querySelector("textarea")!;
  }
}

function bytes(text: string): number {
  return text.length * 3 <= LONGEST_TEXT ? text.length : new TextEncoder().encode(text).length;
}

customElements.define("bk-composer", Composer);
