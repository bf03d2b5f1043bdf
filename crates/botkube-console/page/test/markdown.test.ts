import { expect, test } from "vitest";
import { blocks, inline } from "../src/markdown.ts";

const bold = (...of: unknown[]) => ({ kind: "bold", of });
const italic = (...of: unknown[]) => ({ kind: "italic", of });
const code = (text: string) => ({ kind: "code", text });
const link = (href: string, ...of: unknown[]) => ({ kind: "link", href, of });

const check = (text: string, ...parts: unknown[]) => expect(inline(text)).toEqual(parts);

test("bold is what Slack and what others call bold", () => {
  check("a *b* c **d**", "a ", bold("b"), " c ", bold("d"));
});
test("italics may hold bold", () => check("_*<cricket sounds>*_", italic(bold("<cricket sounds>"))));
test("a mark inside a word is a character", () => check("snake_case_name 2*3*4", "snake_case_name 2*3*4"));
test("a mark before a blank is a character", () => check("* a * b", "* a * b"));
test("a mark that is not closed is a character", () => check("*a _b ~c `d", "*a _b ~c `d"));
test("nothing inside code is set", () => check("`*a* <b>`", code("*a* <b>")));
test("two ticks hold one", () => check("``a`b``", code("a`b")));
test("emoji names stay as they are", () => check(":tada: 10:30:00", ":tada: 10:30:00"));
test("links are those of markdown, of Slack, and bare", () => {
  check("[a *b*](https://x.io/p)", link("https://x.io/p", "a ", bold("b")));
  check("<https://x.io/|there>", link("https://x.io/", "there"));
  check("<mailto:a@x.io>", link("mailto:a@x.io", "mailto:a@x.io"));
  check("see https://x.io/a_b_c.", "see ", link("https://x.io/a_b_c", "https://x.io/a_b_c"), ".");
  check("(https://x.io/a)", "(", link("https://x.io/a", "https://x.io/a"), ")");
});
test("a link's label holds no link", () => {
  check("[https://x.io](https://y.io)", link("https://y.io/", "https://x.io"));
});
test.each(["javascript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "//x.io", "/x"])(
  "%s is not an address to lead to",
  (address) => {
    check(`[a](${address})`, `[a](${address})`);
    check(`<${address}|a>`, `<${address}|a>`);
  },
);

test("lines that begin with a point are a list", () => {
  expect(blocks("Two:\n- a\n• *b*\n\n1. c\n2) d")).toEqual([
    { kind: "text", of: ["Two:"] },
    { kind: "list", ordered: false, start: 1, items: [["a"], [bold("b")]] },
    { kind: "list", ordered: true, start: 1, items: [["c"], ["d"]] },
  ]);
});
test("a list may begin at any number", () => {
  expect(blocks("3. c")).toEqual([{ kind: "list", ordered: true, start: 3, items: [["c"]] }]);
});
test("fences hold code, and a language is not part of it", () => {
  expect(blocks("a\n```sh\n*b*\n```\nc")).toEqual([
    { kind: "text", of: ["a"] },
    { kind: "code", text: "*b*" },
    { kind: "text", of: ["c"] },
  ]);
  expect(blocks("```x```")).toEqual([{ kind: "code", text: "x" }]);
});
test("a fence that is not closed is text", () => {
  expect(blocks("```\na")).toEqual([{ kind: "text", of: ["```", "\n", "a"] }]);
});

test.each(["*a ", "_", "**", "`", "``", "[", "[a](", "<", "<a", "*_~", "http://", "https://:", "```\n", "- ", "1. a\n", "*a* "])(
  "a text of %j alone takes no longer than its length asks for",
  (piece) => {
    const text = piece.repeat(Math.ceil(100_000 / piece.length));
    const start = performance.now();
    blocks(text);
    expect(performance.now() - start).toBeLessThan(2000);
  },
);
