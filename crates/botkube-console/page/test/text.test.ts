import { expect, test } from "vitest";
import { clock, day, fileUrl, lineCount, lineStart, moment, printable, safeUrl, size, took } from "../src/text.ts";

test("terminal escape sequences are taken out", () => {
  expect(printable("\x1b[31;1mred\x1b[0m \x1b]8;;https://x\x07link\x1b]8;;\x07 \x1b(Bend")).toBe("red link end");
});
test("control characters are seen, line breaks and tabs are kept", () => {
  expect(printable("a\x00b\tc\r\nd\re\x7f")).toBe("a\u2400b\tc\nd\ne\u2421");
});
test("marks that turn the direction of text are seen", () => expect(printable("a\u202eb\u2066c")).toBe("a\ufffdb\ufffdc"));

test("addresses are http, https and mail only", () => {
  expect(safeUrl("https://x.io/a")).toBe("https://x.io/a");
  expect(safeUrl("mailto:a@x.io")).toBe("mailto:a@x.io");
  for (const bad of ["javascript:1", "JAVASCRIPT:1", "data:,x", "file:///etc", "/a", "", undefined]) expect(safeUrl(bad)).toBe(undefined);
});
test("files are the agent's own", () => {
  const page = "http://127.0.0.1:80/";
  expect(fileUrl("/files/9c", page)).toBe("http://127.0.0.1/files/9c");
  for (const bad of ["https://x.io/files/9c", "//x.io/files/9c", "/other", "/files/../ws", "javascript:1"]) {
    expect(fileUrl(bad, page)).toBe(undefined);
  }
});

test("sizes have about three digits", () => {
  expect([0, 999, 1000, 9949, 123_456, 999_999, 5e9].map(size)).toEqual(["0 B", "999 B", "1.0 KB", "9.9 KB", "123 KB", "1.0 MB", "5.0 GB"]);
});
test("durations are as exact as people ask", () => {
  expect([12, 812, 3200, 12_345, 65_000, 3_700_000].map(took)).toEqual(["12 ms", "812 ms", "3.2 s", "12 s", "1 min 05 s", "1 h 01 min"]);
  expect([-5, 7000, 3_700_000].map(clock)).toEqual(["0:00", "0:07", "1:01:40"]);
});
test("the year 1 is no moment, and neither is what cannot be read", () => {
  expect(moment("0001-01-01T00:00:00Z")).toBe(undefined);
  expect(moment("<script>")).toBe(undefined);
  expect(moment("2024-11-05T10:00:00.12+01:00")?.toISOString()).toBe("2024-11-05T09:00:00.120Z");
});
test("days have names", () => {
  const now = new Date(2024, 10, 5, 0, 10).getTime();
  expect(day(now, now)).toBe("Today");
  expect(day(now - 20 * 60_000, now)).toBe("Yesterday");
});
test("lines are counted and found", () => {
  expect(lineCount("a\nb\nc")).toBe(3);
  expect("a\nb\nc".slice(lineStart("a\nb\nc", 2))).toBe("c");
  expect(lineStart("a", 4)).toBe(1);
});
