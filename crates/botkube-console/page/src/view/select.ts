// A drop-down of one or of many options, in groups, with a search. Its menu is in the browser's top layer. Knows neither
// message nor connection: options that are asked for come from `load`.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Option, OptionGroup } from "../wire.ts";
import { printable } from "../text.ts";
import { Element, newId } from "./element.ts";
import { icons } from "./icons.ts";

/** More options are not shown; the search narrows them. */
const MOST_SHOWN = 200;
const TYPING = 200;
const MENU_HEIGHT = 360;

interface Item {
  id: string;
  name: string;
  value: string;
  group: number;
}

export class Select extends Element {
  static override properties = {
    label: {},
    groups: { attribute: false },
    values: { attribute: false },
    known: { attribute: false },
    multiple: { type: Boolean },
    load: { attribute: false },
    disabled: { type: Boolean },
    open: { state: true },
    query: { state: true },
    active: { state: true },
    chosen: { state: true },
    loaded: { state: true },
    problem: { state: true },
  };

  declare label: string;
  declare groups: OptionGroup[];
  /** What is chosen. */
  declare values: string[];
  /** Options that may be chosen without being among the groups. */
  declare known: Option[];
  declare multiple: boolean;
  /** Asks for options while the person types. */
  declare load: ((query: string) => Promise<OptionGroup[] | string>) | undefined;
  declare disabled: boolean;
  declare private open: boolean;
  declare private query: string;
  declare private active: number;
  /** What is ticked and not confirmed yet. */
  declare private chosen: string[];
  declare private loaded: OptionGroup[] | undefined;
  declare private problem: string;
  private readonly list = newId();
  private typing: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;

  constructor() {
    super();
    this.label = "";
    this.groups = [];
    this.values = [];
    this.known = [];
    this.multiple = false;
    this.disabled = false;
    this.open = false;
    this.query = "";
    this.active = 0;
    this.chosen = [];
    this.problem = "";
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener("scroll", this.place, true);
    removeEventListener("resize", this.place);
  }

  override render() {
    const names = this.values.map((value) => this.nameOf(value));
    const shown = names.length > 2 ? `${names.length} chosen` : names.join(", ");
    return html`<button
        class="control select"
        type="button"
        ?disabled=${this.disabled}
        aria-haspopup="listbox"
        aria-expanded=${this.open}
        @click=${this.toggle}
      >
        ${this.label ? html`<span class="name">${printable(this.label)}</span>` : nothing}
        <span class="value ${shown ? "" : "empty"}">${shown || "Choose"}</span>${icons.down}
      </button>
      ${this.open ? this.menu() : nothing}`;
  }

  private menu() {
    const items = this.items();
    const groups = this.all();
    const shown = items.slice(0, MOST_SHOWN);
    const active = shown[this.active];
    return html`<div class="menu" popover="auto" @toggle=${this.toggled} @keydown=${this.key}>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls=${this.list}
        aria-activedescendant=${active?.id ?? nothing}
        aria-label=${`Search ${printable(this.label) || "options"}`}
        placeholder="Search"
        autocomplete="off"
        spellcheck="false"
        .value=${this.query}
        @input=${this.search}
      />
      <div
        class="options"
        id=${this.list}
        role="listbox"
        tabindex="-1"
        aria-label=${printable(this.label) || "Options"}
        aria-multiselectable=${this.multiple ? "true" : nothing}
      >
        ${groups.map((group, at) => {
          const own = shown.filter((item) => item.group === at);
          if (!own.length) return nothing;
          const rows = repeat(own, (item) => item.id, (item) => this.row(item, item === active));
          return group.name
            ? html`<div role="group" aria-label=${printable(group.name)}>
                <div class="group" aria-hidden="true">${printable(group.name)}</div>
                ${rows}
              </div>`
            : rows;
        })}
      </div>
      ${this.hint(items.length)}
      ${this.multiple
        ? html`<div class="confirm">
            <span class="muted" role="status">${this.chosen.length} chosen</span>
            <button class="control" type="button" @click=${this.close}>Cancel</button>
            <button class="control primary" type="button" @click=${() => this.choose(this.chosen)}>Apply</button>
          </div>`
        : nothing}
    </div>`;
  }

  private row(item: Item, active: boolean) {
    const selected = (this.multiple ? this.chosen : this.values).includes(item.value);
    return html`<div
      id=${item.id}
      class="option ${active ? "active" : ""}"
      role="option"
      aria-selected=${selected}
      @click=${() => this.pick(item)}
    >
      <span class="tick ${this.multiple ? "box" : ""}">${selected ? icons.check : nothing}</span>
      <span class="text">${item.name}</span>
    </div>`;
  }

  private hint(found: number) {
    const loading = this.load && !this.loaded && !this.problem;
    const text =
      this.problem ||
      (loading
        ? "Asking the plugin…"
        : found > MOST_SHOWN
          ? `${MOST_SHOWN} of ${found.toLocaleString()} shown. Type to narrow them.`
          : found
            ? ""
            : "Nothing fits.");
    return text ? html`<div class="hint" role="status">${printable(text)}</div>` : nothing;
  }

  private all(): OptionGroup[] {
    return this.loaded ?? this.groups;
  }

  private items(): Item[] {
    const query = this.load ? "" : this.query.trim().toLowerCase();
    return this.all().flatMap((group, at) =>
      (group.options ?? []).flatMap(({ name, value }, index) => {
        const item = { id: `${this.list}-${at}-${index}`, name: printable(name) || printable(value), value: value ?? "", group: at };
        const fits = !query || item.name.toLowerCase().includes(query) || item.value.toLowerCase().includes(query);
        return fits ? [item] : [];
      }),
    );
  }

  private nameOf(value: string): string {
    const options = [...this.known, ...this.groups.flatMap((group) => group.options ?? []), ...(this.loaded ?? []).flatMap((group) => group.options ?? [])];
    return printable(options.find((option) => (option.value ?? "") === value)?.name) || printable(value);
  }

  private async toggle() {
    if (this.open) return this.close();
    this.open = true;
    this.query = "";
    this.chosen = [...this.values];
    this.loaded = undefined;
    this.problem = "";
    this.active = Math.max(0, this.items().findIndex((item) => this.values.includes(item.value)));
    void this.ask();
    await this.updateComplete;
    this.querySelector<HTMLElement>(".menu")?.showPopover();
    this.place();
    addEventListener("scroll", this.place, true);
    addEventListener("resize", this.place);
    this.querySelector("input")?.focus();
    this.reveal();
  }

  private close() {
    this.querySelector<HTMLElement>(".menu")?.hidePopover();
  }

  private toggled(event: Event) {
    if ((event as ToggleEvent).newState !== "closed") return;
    this.open = false;
    clearTimeout(this.typing);
    removeEventListener("scroll", this.place, true);
    removeEventListener("resize", this.place);
  }

  private readonly place = (event?: Event) => {
    const menu = this.querySelector<HTMLElement>(".menu");
    if (!menu || (event?.target instanceof Node && menu.contains(event.target))) return;
    const anchor = this.querySelector("button")!.getBoundingClientRect();
    const below = innerHeight - anchor.bottom - 12;
    const above = anchor.top - 12;
    const down = below >= Math.min(MENU_HEIGHT, menu.scrollHeight) || below >= above;
    const height = Math.min(MENU_HEIGHT, down ? below : above);
    menu.style.maxHeight = `${Math.max(160, height)}px`;
    menu.style.left = `${Math.max(8, Math.min(anchor.left, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = down ? `${anchor.bottom + 4}px` : `${Math.max(8, anchor.top - 4 - menu.offsetHeight)}px`;
  };

  private search(event: Event) {
    this.query = (event.target as HTMLInputElement).value;
    this.active = 0;
    if (!this.load) return;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => void this.ask(), TYPING);
  }

  private async ask() {
    if (!this.load) return;
    const number = ++this.asked;
    const groups = await this.load(this.query);
    if (number !== this.asked || !this.open) return;
    this.problem = typeof groups === "string" ? groups : "";
    this.loaded = typeof groups === "string" ? undefined : groups;
    await this.updateComplete;
    this.place();
  }

  private key(event: KeyboardEvent) {
    const last = Math.min(this.items().length, MOST_SHOWN) - 1;
    const inSearch = (event.target as HTMLElement).tagName === "INPUT";
    const moves: Record<string, number> = {
      ArrowDown: this.active >= last ? 0 : this.active + 1,
      ArrowUp: this.active <= 0 ? last : this.active - 1,
      PageDown: Math.min(last, this.active + 8),
      PageUp: Math.max(0, this.active - 8),
    };
    const to = moves[event.key];
    if (to !== undefined && inSearch) {
      this.active = Math.max(0, to);
      void this.updateComplete.then(() => this.reveal());
    } else if (event.key === "Enter" && inSearch) {
      const item = this.items()[this.active];
      if (item) this.pick(item);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private reveal() {
    this.querySelector(".option.active")?.scrollIntoView({ block: "nearest" });
  }

  private pick(item: Item) {
    if (!this.multiple) return this.choose([item.value]);
    const ticked = this.chosen.includes(item.value);
    this.chosen = ticked ? this.chosen.filter((value) => value !== item.value) : [...this.chosen, item.value];
  }

  private choose(values: string[]) {
    this.close();
    this.querySelector("button")?.focus();
    this.dispatchEvent(new CustomEvent("choose", { detail: values }));
  }
}

customElements.define("bk-select", Select);
