// A block of code: fixed width, scrolled sideways, folded when long, copied with one press. Knows no message.

import { html, nothing } from "lit";
import { lineCount, lineStart, printable } from "../text.ts";
import { Element } from "./element.ts";
import { icons } from "./icons.ts";

/** Folded from this many lines, to so many. */
const LONG = 32;
const FOLDED = 18;
const COPIED_FOR = 1600;

export class Code extends Element {
  static override properties = {
    text: {},
    tail: { type: Boolean },
    label: {},
    unfolded: { state: true },
    copied: { state: true },
  };

  declare text: string;
  /** Whether the end is what matters, of output that grows. */
  declare tail: boolean;
  declare label: string;
  declare private unfolded: boolean;
  declare private copied: "" | "Copied" | "Not copied";

  constructor() {
    super();
    this.text = "";
    this.tail = false;
    this.label = "Output";
    this.unfolded = false;
    this.copied = "";
  }

  override render() {
    const text = printable(this.text).replace(/\n+$/, "");
    const lines = lineCount(text);
    const long = lines > LONG;
    const folded = long && !this.unfolded;
    const shown = folded ? this.fold(text, lines) : text;
    const all = `Show all ${lines.toLocaleString()} lines`;
    return html`<div class="code ${folded ? (this.tail ? "cut-top" : "cut-bottom") : ""}">
      <pre tabindex="0" role="group" aria-label=${this.label}><code>${shown}</code></pre>
      <button class="copy" type="button" @click=${this.copy} aria-label=${this.copied || "Copy"} title="Copy">
        ${this.copied === "Copied" ? icons.check : icons.copy}<span class="tip" aria-hidden="true">${this.copied}</span>
      </button>
      ${long
        ? html`<button class="fold" type="button" aria-expanded=${!folded} @click=${this.toggle}>
            ${folded ? all : "Show less"}
          </button>`
        : nothing}
    </div>`;
  }

  override updated() {
    const pre = this.querySelector("pre");
    if (pre) widths.observe(pre);
  }

  private fold(text: string, lines: number): string {
    if (this.tail) return text.slice(lineStart(text, lines - FOLDED));
    return text.slice(0, lineStart(text, FOLDED) - 1);
  }

  private toggle() {
    this.unfolded = !this.unfolded;
    if (!this.unfolded) this.scrollIntoView({ block: "nearest" });
  }

  private async copy() {
    try {
      await navigator.clipboard.writeText(printable(this.text));
      this.copied = "Copied";
    } catch {
      this.copied = "Not copied";
    }
    setTimeout(() => (this.copied = ""), COPIED_FOR);
  }
}

// What can be scrolled must be reached by keyboard; what cannot must not be in the way.
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
    if (scrolls) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});

customElements.define("bk-code", Code);
