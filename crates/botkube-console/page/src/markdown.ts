// The little markdown that chat knows, in the dialects of Slack and of everybody else: what a text is made of, as data.
// Knows no element, so nothing in a text can become one. Its time grows with the text's length only.

import { safeUrl } from "./text.ts";

export type Inline =
  | string
  | { kind: "bold" | "italic" | "strike"; of: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "link"; href: string; of: Inline[] };

export type Block =
  | { kind: "text"; of: Inline[] }
  | { kind: "list"; ordered: boolean; start: number; items: Inline[][] }
  | { kind: "code"; text: string };

const DEEPEST = 6;
const LONGEST = 4000;
const BARE = /https?:\/\/[^\s<>"'`|\\]{1,2000}/y;
const ITEM = /^[ \t]{0,8}(?:[-*•]|(\d{1,6})[.)])[ \t]+(?=\S)/;
const WORD = /[\p{L}\p{N}]/u;
const MARKS = [
  ["**", "bold"],
  ["__", "bold"],
  ["~~", "strike"],
  ["*", "bold"],
  ["_", "italic"],
  ["~", "strike"],
] as const;

/** The blocks of a text: paragraphs with their line breaks, lists, fenced code. */
export function blocks(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  let paragraph: string[] = [];
  const flush = () => {
    while (paragraph.length && !paragraph[0]!.trim()) paragraph.shift();
    while (paragraph.length && !paragraph.at(-1)!.trim()) paragraph.pop();
    if (paragraph.length) {
      blocks.push({ kind: "text", of: paragraph.flatMap((line, at) => (at ? ["\n", ...inline(line)] : inline(line))) });
    }
    paragraph = [];
  };
  let unclosed = false;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (line.startsWith("```") && !unclosed) {
      const closed = fence(lines, at);
      if (closed) {
        flush();
        blocks.push({ kind: "code", text: closed.text });
        at = closed.last;
        continue;
      }
      unclosed = true;
    }
    const item = ITEM.exec(line);
    if (!item) {
      paragraph.push(line);
      continue;
    }
    flush();
    const ordered = item[1] !== undefined;
    const content = inline(line.slice(item[0].length));
    const last = blocks.at(-1);
    const goesOn = at > 0 && ITEM.test(lines[at - 1]!) && last?.kind === "list" && last.ordered === ordered;
    if (goesOn) last.items.push(content);
    else blocks.push({ kind: "list", ordered, start: Number(item[1] ?? 1), items: [content] });
  }
  flush();
  return blocks;
}

/** What one line is made of. */
export function inline(text: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let plain = "";
  const push = (part: Inline) => {
    if (plain) parts.push(plain);
    plain = "";
    parts.push(part);
  };
  const line = new Line(text, depth);
  let at = 0;
  while (at < text.length) {
    const found = code(line, at) ?? link(line, at) ?? marked(line, at);
    if (found) {
      push(found.part);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  if (plain) parts.push(plain);
  return parts;
}

interface Found {
  part: Inline;
  end: number;
}

function fence(lines: string[], first: number): { text: string; last: number } | undefined {
  const opening = lines[first]!.slice(3);
  const same = opening.indexOf("```");
  if (same !== -1) return opening.slice(same + 3).trim() ? undefined : { text: opening.slice(0, same), last: first };
  for (let at = first + 1; at < lines.length; at += 1) {
    const end = lines[at]!.trimEnd();
    if (!end.endsWith("```")) continue;
    // A word after the opening fence names a language; anything else belongs to the code.
    const head = /^[\w+-]*\s*$/.test(opening) ? [] : [opening];
    const tail = end.slice(0, -3);
    return { text: [...head, ...lines.slice(first + 1, at), ...(tail ? [tail] : [])].join("\n"), last: at };
  }
  return undefined;
}

function code(line: Line, at: number): Found | undefined {
  const { text } = line;
  if (text[at] !== "`") return undefined;
  const ticks = text.startsWith("``", at) && text[at + 2] !== "`" ? "``" : "`";
  const from = at + ticks.length;
  const end = line.next(ticks, from);
  return end > from ? { part: { kind: "code", text: text.slice(from, end) }, end: end + ticks.length } : undefined;
}

function link(line: Line, at: number): Found | undefined {
  const { text, depth } = line;
  const char = text[at];
  if (char === "h" && !(at > 0 && WORD.test(text[at - 1]!))) {
    BARE.lastIndex = at;
    const url = trimmed(BARE.exec(text)?.[0] ?? "");
    const href = safeUrl(url);
    return href ? { part: { kind: "link", href, of: [url] }, end: at + url.length } : undefined;
  }
  if (char === "<") {
    const end = line.next(">", at);
    if (end === -1 || end - at > LONGEST) return undefined;
    const [url, label] = split(text.slice(at + 1, end));
    const href = /\s/.test(url) ? undefined : safeUrl(url);
    return href ? { part: { kind: "link", href, of: [label || url] }, end: end + 1 } : undefined;
  }
  if (char === "[" && depth < DEEPEST) {
    const middle = line.next("](", at);
    const end = middle === -1 ? -1 : line.next(")", middle);
    if (end === -1 || end - at > LONGEST) return undefined;
    const label = text.slice(at + 1, middle);
    const href = label && !label.includes("[") ? safeUrl(text.slice(middle + 2, end).trim()) : undefined;
    return href ? { part: { kind: "link", href, of: inside(label, depth) }, end: end + 1 } : undefined;
  }
  return undefined;
}

function marked(line: Line, at: number): Found | undefined {
  const { text, depth } = line;
  const char = text[at]!;
  if ((char !== "*" && char !== "_" && char !== "~") || depth >= DEEPEST) return undefined;
  if (at > 0 && (WORD.test(text[at - 1]!) || text[at - 1] === char)) return undefined;
  for (const [mark, kind] of MARKS) {
    if (!text.startsWith(mark, at) || line.unclosed.has(mark)) continue;
    const from = at + mark.length;
    if (from >= text.length || /\s/.test(text[from]!) || text[from] === char) continue;
    for (let end = text.indexOf(mark, from + 1); ; end = text.indexOf(mark, end + 1)) {
      if (end === -1) {
        line.unclosed.add(mark);
        break;
      }
      const after = text[end + mark.length];
      if (/\s/.test(text[end - 1]!) || (after !== undefined && (WORD.test(after) || after === char))) continue;
      if (mark.length === 1 && text[end - 1] === char) continue;
      return { part: { kind, of: inline(text.slice(from, end), depth + 1) }, end: end + mark.length };
    }
  }
  return undefined;
}

/** A line, and what was found out about it on the way: without that, a line of opening marks alone would take for ever. */
class Line {
  /** Marks that are not closed any more. */
  readonly unclosed = new Set<string>();
  private readonly found = new Map<string, number>();

  constructor(
    readonly text: string,
    readonly depth: number,
  ) {}

  /** Where the mark is next; asked for from left to right. */
  next(mark: string, from: number): number {
    const known = this.found.get(mark);
    if (known !== undefined && (known === -1 || known >= from)) return known;
    const at = this.text.indexOf(mark, from);
    this.found.set(mark, at);
    return at;
  }
}

/** A link's label may be set, but holds no link. */
function inside(label: string, depth: number): Inline[] {
  const strip = (parts: Inline[]): Inline[] =>
    parts.flatMap((part) => {
      if (typeof part === "string" || part.kind === "code") return [part];
      return part.kind === "link" ? strip(part.of) : [{ ...part, of: strip(part.of) }];
    });
  return strip(inline(label, depth + 1));
}

function split(link: string): [string, string] {
  const bar = link.indexOf("|");
  return bar === -1 ? [link, ""] : [link.slice(0, bar), link.slice(bar + 1)];
}

/** A bare address without the punctuation of the sentence around it. */
function trimmed(url: string): string {
  const opens = url.includes("(");
  let end = url.length;
  while (end > 0) {
    const last = url[end - 1]!;
    if (!(last === ")" && !opens) && !".,;:!?*_~]}".includes(last)) break;
    end -= 1;
  }
  return url.slice(0, end);
}
