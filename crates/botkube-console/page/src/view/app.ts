// The page: channels beside the one that is open, its entries, where to write. Gives each part what it shows and the
// session what people do. Knows no frame and no message.

import { html, nothing } from "lit";
import type { LinkState } from "../link.ts";
import { Session, type Draft } from "../session.ts";
import { printable } from "../text.ts";
import { cycleTheme, theme, type Theme } from "../theme.ts";
import type { Channel, Completion, Entry } from "../wire.ts";
import { Element } from "./element.ts";
import { avatar } from "./entry.ts";
import { icons } from "./icons.ts";
import type { Composer } from "./composer.ts";
import type { Timeline } from "./timeline.ts";
import "./composer.ts";
import "./dialogs.ts";
import "./timeline.ts";

const THEMES: Record<Theme, { icon: unknown; text: string }> = {
  system: { icon: icons.screen, text: "as the system" },
  light: { icon: icons.sun, text: "light" },
  dark: { icon: icons.moon, text: "dark" },
};

export class App extends Element {
  static override properties = {
    session: { attribute: false },
    still: { attribute: false },
    active: { state: true },
    drawer: { state: true },
    naming: { state: true },
    divider: { state: true },
    tries: { state: true },
    theme: { state: true },
  };

  /** Nothing in a still. */
  declare session: Session | undefined;
  /** The entries of a still. */
  declare still: Entry[] | undefined;
  /** The alias of the channel that is open. */
  declare private active: string;
  /** Whether the channels are open where there is no room for both. */
  declare private drawer: boolean;
  declare private naming: boolean;
  declare private divider: string | undefined;
  /** What to try in an empty channel. */
  declare private tries: Completion[];
  declare private theme: Theme;
  private triedFor = "";

  constructor() {
    super();
    this.active = decodeURIComponent(location.hash.replace(/^#\/?/, ""));
    this.drawer = false;
    this.naming = false;
    this.tries = [];
    this.theme = theme();
  }

  override connectedCallback() {
    super.connectedCallback();
    document.addEventListener("keydown", this.key);
    document.addEventListener("visibilitychange", this.seen);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.key);
    document.removeEventListener("visibilitychange", this.seen);
  }

  override render() {
    return this.still ? this.stillPage(this.still) : this.session ? this.page(this.session) : nothing;
  }

  override updated() {
    this.seen();
    this.suggest();
    const { session } = this;
    if (!session) return;
    const unread = session.store.unread();
    const cluster = session.store.cluster ? ` ${printable(session.store.cluster)}` : "";
    document.title = `${unread ? `(${unread}) ` : ""}${this.open ? `#${printable(this.open.name)} · ` : ""}Botkube${cluster}`;
  }

  private stillPage(entries: Entry[]) {
    return html`<main class="main still">
      <header class="top"><h1>${brand()}</h1><span class="space"></span>${this.themeButton()}</header>
      <bk-timeline label="Messages" .entries=${entries}></bk-timeline>
    </main>`;
  }

  private page(session: Session) {
    const { store, link } = session;
    const { open } = this;
    const greeted = store.person.id !== "";
    return html`<div class="app ${this.drawer ? "drawer" : ""}">
      ${this.channels(session)}
      <div class="shade" @click=${this.closeDrawer}></div>
      <main class="main">
        <header class="top">
          <button
            class="control ghost burger"
            type="button"
            aria-label="Channels"
            aria-expanded=${this.drawer}
            @click=${this.openDrawer}
          >
            ${icons.menu}${this.othersUnread() ? html`<span class="dot"></span>` : nothing}
          </button>
          <h1>${open ? html`<span class="hash" aria-hidden="true">#</span><bdi>${printable(open.name)}</bdi>` : "Botkube"}</h1>
          <span class="space"></span>
          ${open ? about(open) : nothing} ${state(link.state)}
        </header>
        ${banner(link.state, () => link.hurry())}
        ${open
          ? html`<bk-timeline
                .channel=${open.alias}
                .label=${`Messages in ${printable(open.name)}`}
                .entries=${store.room(open.alias).entries}
                .drafts=${session.drafts(open.alias)}
                .session=${session}
                .grew=${store.grew}
                .unread=${store.room(open.alias).unread.size}
                .divider=${this.divider}
                @stuck=${this.seen}
                @edit=${({ detail }: CustomEvent<Draft>) => {
                  session.forget(detail);
                  this.composer?.fill(detail.text);
                }}
                @forget=${({ detail }: CustomEvent<Draft>) => session.forget(detail)}
              ></bk-timeline>
              ${this.empty(session, open)}
              <bk-composer
                .channel=${open.alias}
                .label=${`#${open.name}`}
                .history=${() => this.history(session, open.alias)}
                .complete=${(text: string) => session.complete(open.alias, text)}
                @say=${({ detail }: CustomEvent<string>) => this.say(session, open.alias, detail)}
              ></bk-composer>`
          : html`<div class="blank">
              <p>${greeted ? "This agent has no channels. Name one under communications.<group>.console.channels." : "Connecting to the agent…"}</p>
            </div>`}
      </main>
      <div class="notices" role="alert">
        ${session.notices.map(
          ({ id, text }) =>
            html`<div class="notice">
              ${icons.alert}<span>${printable(text)}</span>
              <button class="control ghost" type="button" aria-label="Close" @click=${() => session.dismiss(id)}>${icons.cross}</button>
            </div>`,
        )}
      </div>
      ${session.form
        ? html`<bk-form .session=${session} .form=${session.form} @closed=${() => session.closeForm()}></bk-form>`
        : greeted && (this.naming || !store.person.name) && open
          ? html`<bk-name
              .name=${store.person.name}
              @closed=${() => (this.naming = false)}
              @named=${({ detail }: CustomEvent<string>) => {
                this.naming = false;
                session.name(detail);
                this.composer?.focus();
              }}
            ></bk-name>`
          : nothing}
    </div>`;
  }

  private channels(session: Session) {
    const { store } = session;
    return html`<nav class="side" aria-label="Channels" @keydown=${this.rove}>
      <div class="head">${brand()}${store.cluster ? html`<span class="badge"><bdi>${printable(store.cluster)}</bdi></span>` : nothing}</div>
      <ul class="channels">
        ${store.channels.map((channel) => {
          const unread = store.room(channel.alias).unread.size;
          const isOpen = channel.alias === this.open?.alias;
          return html`<li>
            <button
              type="button"
              class="channel ${unread ? "unread" : ""}"
              aria-current=${isOpen ? "page" : nothing}
              tabindex=${isOpen || !this.open ? 0 : -1}
              @click=${() => this.show(channel.alias)}
            >
              <span class="hash" aria-hidden="true">#</span><bdi>${printable(channel.name)}</bdi>
              ${unread
                ? html`<span class="count">${unread > 99 ? "99+" : unread}<span class="visually-hidden"> unread</span></span>`
                : nothing}
            </button>
          </li>`;
        })}
      </ul>
      <div class="foot">
        <button class="person" type="button" title="Change your name" ?disabled=${!store.person.id} @click=${() => (this.naming = true)}>
          ${avatar(store.person)}<bdi>${printable(store.person.name) || "Your name"}</bdi>
        </button>
        ${this.themeButton()}
      </div>
    </nav>`;
  }

  private empty(session: Session, open: Channel) {
    const room = session.store.room(open.alias);
    if (room.entries.length || session.drafts(open.alias).length || session.link.state.is !== "open") return nothing;
    return html`<div class="blank">
      <span class="avatar bot large">${icons.bot}</span>
      <h2>Nothing said in <bdi>#${printable(open.name)}</bdi> yet</h2>
      <p>Type a command below. The answer comes here, and buttons in it work.</p>
      ${this.tries.length
        ? html`<div class="row">
            ${this.tries.map(
              ({ text, about }) =>
                html`<button class="control" type="button" title=${printable(about)} @click=${() => this.composer?.fill(text)}>
                  <code>${printable(text)}</code>
                </button>`,
            )}
          </div>`
        : nothing}
    </div>`;
  }

  private themeButton() {
    const { icon, text } = THEMES[this.theme];
    const label = `Colours: ${text}`;
    return html`<button class="control ghost" type="button" title=${label} aria-label=${label} @click=${() => (this.theme = cycleTheme())}>${icon}</button>`;
  }

  /** The channel that is open. */
  private get open(): Channel | undefined {
    const channels = this.session?.store.channels ?? [];
    return channels.find(({ alias }) => alias === this.active) ?? channels[0];
  }

  private get composer(): Composer | null {
    return this.querySelector<Composer>("bk-composer");
  }

  private async openDrawer() {
    this.drawer = !this.drawer;
    await this.updateComplete;
    if (this.drawer) this.querySelector<HTMLElement>(".channel[tabindex='0']")?.focus();
  }

  private closeDrawer() {
    if (!this.drawer) return;
    this.drawer = false;
    this.querySelector<HTMLElement>(".burger")?.focus();
  }

  private show(alias: string) {
    this.active = alias;
    this.drawer = false;
    history.replaceState(null, "", `#/${encodeURIComponent(alias)}`);
    this.divider = this.firstUnread(alias);
    void this.updateComplete.then(() => this.composer?.focus());
  }

  private say(session: Session, alias: string, text: string) {
    if (!session.store.person.name) this.naming = true;
    this.divider = undefined;
    this.querySelector<Timeline>("bk-timeline")?.toEnd();
    void session.say(alias, text);
  }

  /** Where unread entries begin; nowhere when all are. */
  private firstUnread(alias: string): string | undefined {
    const room = this.session?.store.room(alias);
    const first = room?.entries.findIndex(({ id }) => room.unread.has(id)) ?? -1;
    return first > 0 ? room?.entries[first]?.id : undefined;
  }

  /** What is before the person's eyes counts as read. */
  private readonly seen = () => {
    const { session, open } = this;
    if (!session || !open) return;
    const timeline = this.querySelector<Timeline>("bk-timeline");
    if (document.visibilityState === "visible" && (!timeline || timeline.stuck)) {
      if (session.store.markRead(open.alias)) this.requestUpdate();
    } else if (session.store.room(open.alias).unread.size === 1) {
      this.divider = this.firstUnread(open.alias);
    }
  };

  private othersUnread(): boolean {
    const { store } = this.session!;
    return store.channels.some(({ alias }) => alias !== this.open?.alias && store.room(alias).unread.size);
  }

  /** What the person wrote in the channel, each once, newest last. */
  private history(session: Session, alias: string): string[] {
    const mine = session.store.room(alias).entries.filter(({ by, how }) => by.id === session.store.person.id && (how ?? "typed") === "typed");
    return [...new Set(mine.map(({ text }) => text ?? "").reverse())].filter(Boolean).reverse();
  }

  private suggest() {
    const { session, open } = this;
    if (!session || !open || session.link.state.is !== "open" || this.triedFor === open.alias) return;
    if (session.store.room(open.alias).entries.length) return;
    this.triedFor = open.alias;
    this.tries = [];
    void session.complete(open.alias, "").then((items) => (this.tries = items.slice(0, 6)));
  }

  /** Arrow keys go through the channels. */
  private rove(event: KeyboardEvent) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...this.querySelectorAll<HTMLElement>(".channel")];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    if (!by || at === -1) return;
    event.preventDefault();
    buttons[(at + by + buttons.length) % buttons.length]!.focus();
  }

  private readonly key = (event: KeyboardEvent) => {
    const { target, key } = event;
    if (document.querySelector("dialog[open]")) return;
    if (key === "Escape") this.closeDrawer();
    const isWriting = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const asks = (key === "/" && plain && !isWriting) || (key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey));
    if (!asks || !this.composer) return;
    event.preventDefault();
    this.composer.focus();
  };
}

const brand = () => html`<span class="brand"><span class="avatar bot" aria-hidden="true">${icons.bot}</span>Botkube</span>`;

function about({ executors, notifications }: Channel) {
  const bound = executors.map(printable).join(", ");
  return html`<span class="about">
    ${bound ? html`<span class="badge" title="Executors bound to this channel"><bdi>${bound}</bdi></span>` : nothing}
    ${notifications ? nothing : html`<span class="badge" title="Notifications of events are off in this channel">muted</span>`}
  </span>`;
}

function state(state: LinkState) {
  const text = { connecting: "Connecting", open: "Connected", lost: "Not connected", refused: "Not connected" }[state.is];
  return html`<span class="state ${state.is}" role="status"><span class="dot"></span><span class="text">${text}</span></span>`;
}

function banner(state: LinkState, hurry: () => void) {
  if (state.is !== "lost" && state.is !== "refused") return nothing;
  const why = state.reason ? `The agent ended the connection: ${printable(state.reason)}.` : "The connection to the agent is lost.";
  const text = state.is === "refused" ? state.reason : `${why} It is tried again by itself; what you send waits.`;
  return html`<div class="banner" role="status">
    ${icons.alert}<span>${text}</span><button class="control small" type="button" @click=${hurry}>Try now</button>
  </div>`;
}

customElements.define("bk-app", App);
