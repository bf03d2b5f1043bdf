// What all elements of the page have in common: they render into the page itself, so one style sheet and one set of ids
// serve them all. Knows none of them.

import { LitElement } from "lit";

export class Element extends LitElement {
  protected override createRenderRoot(): this {
    return this;
  }
}

let count = 0;

/** An id no other element has. */
export const newId = (): string => `bk${++count}`;
