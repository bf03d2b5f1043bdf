// Texts as people read them: without control characters, sizes, times, and addresses that are safe to follow.
// Knows no element.

const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, "g");

/**
 * The text without terminal escape sequences; what else would not be seen, or would turn the direction of what follows, is
 * made visible.
 */
export function printable(text: string | undefined): string {
  if (!text) return "";
  if (!UNPRINTABLE.test(text)) return text;
  return text
    .replace(/\r\n?/g, "\n")
    .replace(ESCAPES, "")
    .replace(EACH_UNPRINTABLE, (char) => {
      const code = char.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
    });
}

/** The address, when it is one a link may lead to: http, https or mail. */
export function safeUrl(url: string | undefined): string | undefined {
  try {
    const parsed = new URL(url ?? "");
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

/** The address of a file, when the agent of this page serves it. */
export function fileUrl(url: string, page: string): string | undefined {
  try {
    const parsed = new URL(url, page);
    return parsed.origin === new URL(page).origin && parsed.pathname.startsWith("/files/") ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes in three digits or so: `120 KB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.5 && unit < units.length - 1);
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** How long a command took: `0.8 s`, `12 s`, `3 min 05 s`. */
export function took(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
}

/** How long a command runs, as a clock: `0:07`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The moment in a message's `timestamp`; nothing for none, which plugins in Go write as the year 1. */
export function moment(timestamp: string | undefined): Date | undefined {
  if (!timestamp || timestamp.startsWith("0001-01-01T00:00:00")) return undefined;
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

export const time = (at: number | Date): string => TIME.format(at);
export const fullTime = (at: number | Date): string => FULL.format(at);

/** The day as people say it. */
export function day(at: number, now: number): string {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? DAY : DAY_OF_YEAR).format(at);
}

/** How many lines a text has. */
export function lineCount(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

/** Where the line with this number, counted from 0, begins; the text's end when there are fewer. */
export function lineStart(text: string, line: number): number {
  let at = 0;
  for (; line > 0; line -= 1) {
    const next = text.indexOf("\n", at);
    if (next === -1) return text.length;
    at = next + 1;
  }
  return at;
}
