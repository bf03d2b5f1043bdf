// A message as templates: its texts, and its controls as `Hands` lets them be used. Knows no channel and no connection.

import { html, nothing, type TemplateResult } from "lit";
import { idOf } from "../controls.ts";
import { fullTime, moment, printable, safeUrl, time } from "../text.ts";
import type { Body, Button, Entered, Input, Message, MultiSelect, OptionGroup, Section, Select } from "../wire.ts";
import { icons } from "./icons.ts";
import { line, prose } from "./prose.ts";
import "./select.ts";

/** What a message's controls hold, and what becomes of using them. */
export interface Hands {
  readonly disabled: boolean;
  /** Whether the controls are sent together, later. */
  readonly form: boolean;
  readonly entered: Entered;
  /** The controls whose use was not answered yet. */
  readonly busy: ReadonlySet<string>;
  /** Whether the end of the output is what is new. */
  readonly tail: boolean;
  hold(control: string, values: string[]): void;
  press(control: string, values: string[]): void;
  /** Presses when the person pauses typing. */
  typed(control: string, text: string): void;
  options(control: string, query: string): Promise<OptionGroup[] | string>;
}

type Part = TemplateResult | typeof nothing;

export function message(message: Message, hands: Hands): Part[] {
  const at = moment(message.timestamp);
  return [
    body(message.baseBody, hands),
    ...(message.sections ?? []).map((part, index) => section(part, index, hands)),
    inputs(message.plaintextInputs, "m", hands),
    at ? html`<p class="context"><time datetime=${at.toISOString()}>${fullTime(at)}</time></p>` : nothing,
  ];
}

function body(body: Body | undefined, hands?: Hands): Part {
  if (!body?.plaintext && !body?.codeBlock) return nothing;
  return html`${body.plaintext ? prose(body.plaintext) : nothing}${body.codeBlock
    ? html`<bk-code .text=${body.codeBlock} ?tail=${hands?.tail ?? false}></bk-code>`
    : nothing}`;
}

function section(section: Section, index: number, hands: Hands): Part {
  const numbered = (section.buttons ?? []).map((button, at) => ({ button, id: idOf.button(index, at) }));
  const described = numbered.filter(({ button }) => button.description);
  const plain = numbered.filter(({ button }) => !button.description);
  const divided = index > 0 && section.style?.divider !== "none";
  const selects = (section.selects?.items ?? []).map((item, at) => select(item, idOf.select(index, at), hands));
  const fields = (section.textFields ?? []).filter(({ key, value }) => key || value);
  const bullets = (section.bulletLists ?? []).filter(({ items }) => items?.length);
  return html`<section class="section ${divided ? "divided" : ""}">
    ${section.header ? html`<h2>${line(section.header)}</h2>` : nothing}
    ${section.description ? html`<div class="description">${prose(section.description)}</div>` : nothing}
    ${fields.length
      ? html`<dl class="fields">
          ${fields.map(({ key, value }) => html`<div><dt>${line(key)}</dt><dd>${line(value)}</dd></div>`)}
        </dl>`
      : nothing}
    ${body(section.body)}
    ${bullets.map(
      ({ title, items }) =>
        html`${title ? html`<h3>${line(title)}</h3>` : nothing}
          <ul class="prose">${items?.map((item) => html`<li>${line(item)}</li>`)}</ul>`,
    )}
    ${described.length
      ? html`<ul class="rows">
          ${described.map(({ button: of, id }) => html`<li><span class="about">${about(of)}</span>${button(of, id, hands)}</li>`)}
        </ul>`
      : nothing}
    ${plain.length || selects.length
      ? html`<div class="row">${selects}${plain.map(({ button: of, id }) => button(of, id, hands))}</div>`
      : nothing}
    ${section.multiSelect?.options?.length ? multiSelect(section.multiSelect, idOf.multi(index), hands) : nothing}
    ${inputs(section.plaintextInputs, index, hands)}
    ${(section.context ?? []).map(({ text }) => (text ? html`<p class="context">${line(text)}</p>` : nothing))}
  </section>`;
}

function button(button: Button, id: string, hands: Hands): Part {
  const style = button.style === "primary" || button.style === "danger" ? button.style : "";
  const name = printable(button.name) || printable(button.command) || printable(button.url);
  if (button.command?.trim() || !button.url) {
    return html`<button
      class="control ${style}"
      type="button"
      ?disabled=${hands.disabled || !button.command?.trim()}
      aria-busy=${hands.busy.has(id)}
      title=${printable(button.command)}
      data-control=${id}
      @click=${() => hands.press(id, [])}
    >
      <bdi>${name}</bdi>
    </button>`;
  }
  const href = safeUrl(button.url);
  return href
    ? html`<a class="control ${style}" href=${href} target="_blank" rel="noopener noreferrer" title=${href}>
        <bdi>${name}</bdi>${icons.link}
      </a>`
    : html`<button class="control" type="button" disabled title=${`Not a web address: ${printable(button.url)}`}>
        <bdi>${name}</bdi>
      </button>`;
}

function about(button: Button): Part {
  const text = printable(button.description);
  switch (button.descriptionStyle) {
    case "bold":
      return html`<strong>${text}</strong>`;
    case "italic":
      return html`<em>${text}</em>`;
    case "text":
      return html`${line(button.description)}`;
    default:
      return html`<code>${text}</code>`;
  }
}

function select(select: Select, id: string, hands: Hands): Part {
  const first = select.initialOption;
  const values = hands.entered[id] ?? (first ? [first.value ?? ""] : []);
  return html`<bk-select
    .label=${select.name ?? ""}
    .groups=${select.optionGroups ?? []}
    .known=${first ? [first] : []}
    .values=${values}
    .load=${select.type === "external" && !hands.disabled ? (query: string) => hands.options(id, query) : undefined}
    ?disabled=${hands.disabled}
    aria-busy=${hands.busy.has(id)}
    data-control=${id}
    @choose=${({ detail }: CustomEvent<string[]>) => {
      hands.hold(id, detail);
      if (select.command?.trim() && !hands.form) hands.press(id, detail);
    }}
  ></bk-select>`;
}

function multiSelect(select: MultiSelect, id: string, hands: Hands): Part {
  const first = (select.initialOptions ?? []).map((option) => option.value ?? "");
  return html`<div class="multi">
    ${body(select.description)}
    <bk-select
      multiple
      .label=${select.name ?? ""}
      .groups=${[{ options: select.options ?? [] }]}
      .known=${select.initialOptions ?? []}
      .values=${hands.entered[id] ?? first}
      ?disabled=${hands.disabled}
      aria-busy=${hands.busy.has(id)}
      data-control=${id}
      @choose=${({ detail }: CustomEvent<string[]>) => {
        hands.hold(id, detail);
        if (select.command?.trim() && !hands.form) hands.press(id, detail);
      }}
    ></bk-select>
  </div>`;
}

function inputs(inputs: Input[] | undefined, section: number | "m", hands: Hands): Part {
  if (!inputs?.length) return nothing;
  return html`<div class="inputs">${inputs.map((of, at) => input(of, idOf.input(section, at), hands))}</div>`;
}

function input(input: Input, id: string, hands: Hands): Part {
  const onEnter = input.dispatchedAction === "on_enter_pressed";
  const onCharacter = input.dispatchedAction === "on_character_entered";
  const sends = !hands.form && Boolean(input.command?.trim());
  const value = (event: Event) => (event.target as HTMLInputElement).value;
  return html`<label class="input">
    <span class="name">${printable(input.text) || "Input"}</span>
    <span class="field">
      <input
        type="text"
        autocomplete="off"
        placeholder=${printable(input.placeholder)}
        ?disabled=${hands.disabled}
        aria-busy=${hands.busy.has(id)}
        data-control=${id}
        .value=${hands.entered[id]?.[0] ?? ""}
        @input=${(event: Event) => {
          hands.hold(id, [value(event)]);
          if (sends && onCharacter) hands.typed(id, value(event));
        }}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key !== "Enter" || event.isComposing || !sends || !(onEnter || onCharacter)) return;
          event.preventDefault();
          hands.press(id, [value(event)]);
        }}
      />
      ${sends && onEnter ? html`<kbd aria-hidden="true">Enter</kbd>` : nothing}
    </span>
  </label>`;
}

/** The moment of an entry, as short as it may be. */
export function when(at: number): TemplateResult {
  return html`<time datetime=${new Date(at).toISOString()} title=${fullTime(at)}>${time(at)}</time>`;
}
