// What is built fits what is promised of it.
// @vitest-environment node

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const built = (name: string) => readFileSync(new URL(`../dist/${name}`, import.meta.url), "utf8");

test("the page is small", () => {
  const sizes = ["index.html", "app.js", "app.css"].map((name) => gzipSync(built(name)).length);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(40 * 1024);
});
test("script and style can stand inside a document", () => {
  expect(built("app.js")).not.toMatch(/<\/?script/i);
  expect(built("app.css")).not.toMatch(/<\/style/i);
});
test("nothing comes from elsewhere", () => {
  expect(built("app.css")).not.toMatch(/url\(|@import/);
  expect(built("index.html")).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
});
test("nothing is inline but the icon's address", () => {
  expect(built("index.html")).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/i);
});
