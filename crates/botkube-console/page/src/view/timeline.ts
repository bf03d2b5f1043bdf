// A channel's entries, by day and author. Stays at the end while the person is there and nowhere else, and shows the newest
// first when there are many. Knows no frame.

import { html, nothing, type PropertyValues } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Draft, Session } from "../session.ts";
import { day, printable } from "../text.ts";
import type { Entry } from "../wire.ts";
import { Element } from "./element.ts";
import { icons } from "./icons.ts";
import "./entry.ts";

/** So many are shown at once; the others follow when the browser has time. */
const AT_ONCE = 16;
const MORE = 80;
/** What one author says within this time stands together. */
const TOGETHER = 5 * 60_000;
/** Nearer than this is the end. */
const END = 48;

export class Timeline extends Element {
  static override properties = {
    entries: { attribute: false },
    drafts: { attribute: false },
    channel: {},
    label: {},
    session: { attribute: false },
    grew: { attribute: false },
    unread: { type: Number },
    divider: {},
    shown: { state: true },
    stuck: { state: true },
  };

  declare entries: readonly Entry[];
  declare drafts: readonly Draft[];
  declare channel: string;
  declare label: string;
  declare session: Session | undefined;
  declare grew: ReadonlySet<string>;
  declare unread: number;
  /** The entry the unread ones begin with, when that is worth a line. */
  declare divider: string | undefined;
  /** How many of the newest are shown. */
  declare private shown: number;
  /** Whether the person is at the end. */
  declare stuck: boolean;
  private lastTop = 0;
  private growing = 0;
  private readonly sizes = new ResizeObserver(() => this.stick());

  constructor() {
    super();
    this.entries = [];
    this.drafts = [];
    this.channel = "";
    this.label = "Messages";
    this.grew = new Set();
    this.unread = 0;
    this.shown = AT_ONCE;
    this.stuck = true;
  }

  override firstUpdated() {
    this.sizes.observe(this.scroller);
    this.sizes.observe(this.querySelector(".list")!);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.sizes.disconnect();
    clearTimeout(this.growing);
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("channel") && changed.get("channel") !== undefined) {
      this.shown = AT_ONCE;
      this.stuck = true;
    }
  }

  override updated(changed: PropertyValues<this>) {
    this.stick();
    if (this.shown < this.entries.length && !this.growing) {
      this.growing = window.setTimeout(() => {
        this.growing = 0;
        this.shown += MORE;
      }, 30);
    }
    if (changed.has("stuck")) this.dispatchEvent(new Event("stuck"));
  }

  override render() {
    const from = Math.max(0, this.entries.length - this.shown);
    const now = Date.now();
    return html`<div
        class="scroll"
        role="log"
        tabindex="0"
        aria-label=${this.label}
        aria-live="polite"
        aria-relevant="additions"
        aria-busy=${from > 0}
        @scroll=${this.scrolled}
      >
        <div class="list">
          ${repeat(this.entries.slice(from), (entry) => entry.id, (entry, at) => this.row(entry, this.entries[from + at - 1], now))}
          ${this.drafts.map((draft) => this.draft(draft))}
          
        </div>
      </div>
      ${this.stuck
        ? nothing
        : html`<button class="chip" type="button" @click=${this.toEnd}>
            ${icons.arrowDown}${this.unread ? `${this.unread} new ${this.unread === 1 ? "message" : "messages"}` : "To the newest"}
          </button>`}`;
  }

  private row(entry: Entry, before: Entry | undefined, now: number) {
    const today = day(entry.at, now);
    const newDay = !before || day(before.at, now) !== today;
    const isNew = entry.id === this.divider;
    const first =
      newDay || isNew || before.by.id !== entry.by.id || before.onlyFor !== entry.onlyFor || entry.at - before.at > TOGETHER;
    return html`${newDay ? html`<div class="day" role="separator" aria-label=${today}><span>${today}</span></div>` : nothing}${isNew
        ? html`<div class="day new" role="separator" aria-label="New messages"><span>New</span></div>`
        : nothing}<bk-entry
        ?first=${first}
        .entry=${entry}
        .channel=${this.channel}
        .session=${this.session}
        .tail=${this.grew.has(entry.id)}
      ></bk-entry>`;
  }

  private draft(draft: Draft) {
    const event = (name: string) => () => this.dispatchEvent(new CustomEvent(name, { detail: draft }));
    return html`<div class="draft ${draft.reason ? "failed" : ""}" role="article" aria-label="Not sent yet">
      <p class="said">${printable(draft.text.length > 2000 ? `${draft.text.slice(0, 2000)}…` : draft.text)}</p>
      ${draft.reason
        ? html`<p class="reason">
            ${icons.alert} <span>Not sent: ${printable(draft.reason)}</span>
            <button class="control small" type="button" @click=${event("edit")}>Edit</button>
            <button class="control small" type="button" @click=${event("forget")}>Remove</button>
          </p>`
        : html`<p class="waiting"><span class="spinner" aria-hidden="true"></span> Waiting for the agent</p>`}
    </div>`;
  }

  /** Shows the newest from now on. */
  readonly toEnd = () => {
    this.stuck = true;
    this.stick();
  };

  private stick() {
    if (!this.stuck) return;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.lastTop = this.scroller.scrollTop;
  }

  /** Only going up leaves the end: what grows below a person does not. */
  private scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const isEnd = scrollHeight - scrollTop - clientHeight < END;
    if (isEnd) this.stuck = true;
    else if (scrollTop < this.lastTop - 1) this.stuck = false;
    this.lastTop = scrollTop;
  }

  private get scroller(): HTMLElement {
    return this.querySelector(".scroll")!;
  }
}

customElements.define("bk-timeline", Timeline);
