// Texts with a little markdown as templates. All of a text ends in text nodes, and links lead only where `safeUrl` lets
// them. Knows no message.

import { html, type TemplateResult } from "lit";
import { blocks, inline, type Block, type Inline } from "../markdown.ts";
import { printable } from "../text.ts";
import "./code.ts";

type Rendered = TemplateResult | string | Rendered[];

/** Paragraphs, lists and fenced code. */
export function prose(text: string | undefined): Rendered {
  return blocks(printable(text)).map(block);
}

/** One line, or several that stay as they are. */
export function line(text: string | undefined): Rendered {
  return inline(printable(text)).map(part);
}

function block(block: Block): Rendered {
  switch (block.kind) {
    case "text":
      return html`<p class="prose">${block.of.map(part)}</p>`;
    case "code":
      return html`<bk-code .text=${block.text}></bk-code>`;
    case "list": {
      const items = block.items.map((item) => html`<li>${item.map(part)}</li>`);
      return block.ordered
        ? html`<ol class="prose" start=${block.start}>${items}</ol>`
        : html`<ul class="prose">${items}</ul>`;
    }
  }
}

function part(piece: Inline): Rendered {
  if (typeof piece === "string") return piece;
  switch (piece.kind) {
    case "bold":
      return html`<strong>${piece.of.map(part)}</strong>`;
    case "italic":
      return html`<em>${piece.of.map(part)}</em>`;
    case "strike":
      return html`<del>${piece.of.map(part)}</del>`;
    case "code":
      return html`<code>${piece.text}</code>`;
    case "link":
      return html`<a href=${piece.href} target="_blank" rel="noopener noreferrer">${piece.of.map(part)}</a>`;
  }
}
