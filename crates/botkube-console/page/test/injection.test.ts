// Whatever is written, only the page's own elements and attributes come of it.

import { html, render } from "lit";
import { expect, test } from "vitest";
import { ATTACKS, attack } from "../e2e/gallery.ts";
import { printable } from "../src/text.ts";
import type { Entry } from "../src/wire.ts";
import "../src/view/entry.ts";

const TAGS = new Set(
  "DIV SECTION SPAN P A BUTTON H3 H4 UL OL LI DL DT DD CODE PRE STRONG EM DEL BDI TIME LABEL INPUT KBD SVG PATH RECT CIRCLE BK-CODE BK-SELECT BK-ENTRY".split(" "),
);

test.each(ATTACKS)("%j stays text", async (text) => {
  const entry: Entry = {
    id: text,
    revision: 1,
    at: 0,
    by: { id: text, name: text },
    text,
    how: text,
    header: text,
    message: attack(text),
    live: { command: text, since: 0, state: { running: text } },
    file: { name: text, size: 1, url: text },
    onlyFor: text,
    answers: text,
  };
  const place = document.createElement("main");
  document.body.replaceChildren(place);
  render(html`<bk-entry .entry=${entry} .session=${{} as never}></bk-entry>`, place);
  await new Promise((done) => setTimeout(done, 20));
  const all = [...place.querySelectorAll("*")];
  expect(all.length).toBeGreaterThan(40);
  for (const element of all) {
    expect(TAGS).toContain(element.tagName.toUpperCase());
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on|^style$|^src|^srcdoc$|formaction/i);
      if (name === "href") expect(value).toMatch(/^(https?|mailto):/);
    }
    if (element.tagName === "A") expect(element.getAttribute("rel")).toContain("noopener");
  }
  // And it can be read: nothing was swallowed.
  const [code] = place.querySelectorAll("bk-code:last-of-type pre code");
  expect(code?.textContent?.trim()).toBe(printable(text).trim());
});
