// The dialogs: a form that the agent opened, and the person's name. Both are the browser's own, which keeps the focus in
// them and closes them with Escape. Knows no connection.

import { html, nothing } from "lit";
import { submitted } from "../controls.ts";
import type { Session } from "../session.ts";
import type { Entered, Entry } from "../wire.ts";
import { Element, newId } from "./element.ts";
import { message, type Hands } from "./message.ts";
import { line } from "./prose.ts";

export const LONGEST_NAME = 64;

abstract class Dialog extends Element {
  protected readonly heading = newId();

  override firstUpdated() {
    const dialog = this.querySelector("dialog")!;
    dialog.showModal();
    // Drop-downs have their buttons after this.
    void this.updateComplete.then(() => dialog.querySelector<HTMLElement>("input, .body button:not([disabled])")?.focus());
  }

  protected close() {
    this.dispatchEvent(new Event("closed"));
  }

  /** Enter in a line of text is the dialog's main button. */
  protected enter(event: KeyboardEvent, act: () => void) {
    const { target } = event;
    if (event.key !== "Enter" || event.isComposing || !(target instanceof HTMLInputElement) || target.role) return;
    event.preventDefault();
    act();
  }
}

export class Form extends Dialog {
  static override properties = { form: { attribute: false }, session: { attribute: false }, entered: { state: true } };

  declare form: { channel: string; entry: Entry };
  declare session: Session;
  declare private entered: Entered;
  private sent = false;

  constructor() {
    super();
    this.entered = {};
  }

  override render() {
    const { entry, channel } = this.form;
    const of = entry.message ?? {};
    const ready = submitted(of, this.entered).length > 0;
    const hands: Hands = {
      disabled: false,
      form: true,
      entered: this.entered,
      busy: new Set(),
      tail: false,
      hold: (control, values) => (this.entered = { ...this.entered, [control]: values }),
      press: (control, values) => this.send([{ id: control, values }]),
      typed: () => {},
      options: (control, query) => this.session.options(channel, entry.id, control, query),
    };
    const apply = () => this.send(submitted(of, this.entered));
    return html`<dialog aria-labelledby=${this.heading} @close=${this.close} @keydown=${(event: KeyboardEvent) => this.enter(event, apply)}>
      <h2 id=${this.heading}>${entry.header ? line(entry.header) : "Form"}</h2>
      <div class="body">${message(of, hands)}</div>
      <div class="confirm">
        <button class="control" type="button" @click=${this.close}>Cancel</button>
        <button class="control primary" type="button" ?disabled=${!ready} @click=${apply}>Apply</button>
      </div>
    </dialog>`;
  }

  /** Sends it once, however often it is asked to. */
  private send(presses: { id: string; values: string[] }[]) {
    if (this.sent || !presses.length) return;
    this.sent = true;
    const { channel, entry } = this.form;
    for (const { id, values } of presses) void this.session.press(channel, entry.id, id, values, this.entered);
    this.close();
  }
}

export class Name extends Dialog {
  static override properties = { name: {}, text: { state: true } };

  declare name: string;
  declare private text: string | undefined;

  override render() {
    const text = this.text ?? this.name;
    const apply = () => {
      const name = text.trim();
      if (name) this.dispatchEvent(new CustomEvent("named", { detail: name }));
    };
    return html`<dialog class="narrow" aria-labelledby=${this.heading} @close=${this.close} @keydown=${(event: KeyboardEvent) => this.enter(event, apply)}>
      <h2 id=${this.heading}>${this.name ? "Your name" : "What is your name?"}</h2>
      <div class="body">
        <p class="muted">Others in the channels see it beside what you say. Nobody checks it.</p>
        <label class="input">
          <span class="name">Name</span>
          <input
            type="text"
            maxlength=${LONGEST_NAME}
            autocomplete="name"
            .value=${text}
            @input=${(event: Event) => (this.text = (event.target as HTMLInputElement).value)}
          />
        </label>
      </div>
      <div class="confirm">
        ${this.name ? html`<button class="control" type="button" @click=${this.close}>Cancel</button>` : nothing}
        <button class="control primary" type="button" ?disabled=${!text.trim()} @click=${apply}>Save</button>
      </div>
    </dialog>`;
  }
}

customElements.define("bk-form", Form);
customElements.define("bk-name", Name);
