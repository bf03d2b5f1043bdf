// Nobody but the browser that followed a link speaks to the agent: no forged session, no link that was used, no page of
// another site. What it does not understand it says, and does nothing.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { BrowserContext, Page } from "playwright-core";
import { stageBrowser, theBrowser, Visit } from "../visit.ts";
import { stageBotkube } from "./botkube.ts";

stageBrowser();
const botkube = stageBotkube();

/** A page of another site on this machine. */
let stranger: Server;
beforeAll(async () => {
  stranger = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Stranger</title>"));
  await new Promise<void>((listening) => stranger.listen(0, "127.0.0.1", listening));
});
afterAll(() => stranger?.close());

/** A window without a session. */
async function window(context?: BrowserContext): Promise<Page> {
  const of = context ?? (await theBrowser().newContext());
  if (!context) onTestFinished(() => of.close());
  return of.newPage();
}

/** What becomes of a WebSocket to the agent that a page opens. */
const knock = (page: Page, url: string) =>
  page.evaluate(
    (url) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(url);
        socket.onopen = () => resolve("open");
        socket.onmessage = () => resolve("told something");
        socket.onclose = () => resolve("refused");
      }),
    url,
  );

const socketUrl = () => `ws://127.0.0.1:${botkube().port}/ws`;

test("a link works once", async () => {
  const link = await botkube().link();
  await Visit.at(link);
  const second = await window();
  const answer = await second.goto(link);
  expect(answer?.status()).toBe(403);
  await second.getByText("This link was used before, or is older than ten minutes.").waitFor();
  expect(await second.context().cookies()).toEqual([]);
});

test("without a session there is no page, no socket and no file, but the way to one", async () => {
  const page = await window();
  const answer = await page.goto(botkube().url);
  expect(answer?.status()).toBe(403);
  await page.getByText("Open the link that the agent prints").waitFor();
  for (const path of ["ws", "files/x", "?key=", "?key=forged"]) {
    expect((await page.request.get(botkube().url + path, { maxRedirects: 0 })).status(), path).not.toBeLessThan(400);
  }
});

test("a forged session is none", async () => {
  const real = await Visit.at(await botkube().link());
  const [cookie] = await real.context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  expect(await real.page.evaluate(() => document.cookie)).toBe("");
  const forged = [cookie!.value.replace(/^./, (char) => (char === "A" ? "B" : "A")), cookie!.value.slice(0, -1), "", "x".repeat(4000)];
  for (const value of forged) {
    const page = await window();
    await page.context().addCookies([{ name: cookie!.name, value, domain: "127.0.0.1", path: "/" }]);
    const answer = await page.goto(botkube().url);
    expect(answer?.status()).toBe(403);
    const socket = await page.request.get(`${botkube().url}ws`, {
      headers: { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", origin: botkube().url.slice(0, -1) },
    });
    expect(socket.status()).toBe(403);
  }
});

test("a page of another site can neither open a socket, nor read, nor frame, in a browser that has a session", async () => {
  const visit = await Visit.at(await botkube().link());
  await visit.ask("echo for my eyes only");
  const page = await window(visit.context);
  const { port } = stranger.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/`);
  expect(await knock(page, socketUrl())).toBe("refused");
  for (const path of ["", "app.js", "ws", "files/x"]) {
    const outcome = await page.evaluate((url) => fetch(url, { credentials: "include" }).then(() => "read", () => "refused"), botkube().url + path);
    expect(outcome, path).toBe("refused");
  }
  const framed = await page.evaluate(
    (url) =>
      new Promise<boolean>((resolve) => {
        const frame = document.createElement("iframe");
        frame.onload = () => {
          try {
            resolve(Boolean(frame.contentDocument?.querySelector("bk-app")));
          } catch {
            resolve(false);
          }
        };
        frame.src = url;
        document.body.append(frame);
      }),
    botkube().url,
  );
  expect(framed).toBe(false);
  await expect.poll(() => Promise.all(page.frames().map((frame) => frame.locator("bk-app").count()))).toEqual([0, 0]);
});

test("a name that leads to this machine is not enough", async () => {
  const visit = await Visit.at(await botkube().link());
  const { request } = visit.context;
  for (const host of ["rebound.example.org", `rebound.example.org:${botkube().port}`, "127.0.0.1:1", "127.0.0.1"]) {
    const answer = await request.get(botkube().url, { headers: { host } });
    expect(answer.status(), host).toBe(403);
    expect(await answer.text()).toMatch(/^Refused: /);
  }
});

test("no script but the page's own runs", async () => {
  const visit = await Visit.at(await botkube().link());
  const answer = await visit.context.request.get(botkube().url);
  const policy = answer.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(answer.headers()["x-frame-options"]).toBe("DENY");
});

test("frames that are broken, binary, of no kind or of no channel are answered, and nothing is done", async () => {
  const visit = await Visit.at(await botkube().link());
  await visit.ask("echo before");
  const count = visit.told("dev").size;
  const page = await window(visit.context);
  await page.goto(botkube().url);
  const said = await page.evaluate(async (url) => {
    const socket = new WebSocket(url);
    const told: { type: string; reason?: string; key?: string }[] = [];
    const frames = ["{", "[]", '{"type":"fly"}', new Uint8Array([1, 2, 3]), '{"type":"say","key":"k","channel":"nowhere","text":"echo x"}', '{"type":"say","key":"l","channel":"dev"}'];
    await new Promise<void>((resolve) => {
      socket.onopen = () => frames.forEach((frame) => socket.send(frame));
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type === "problem" || frame.type === "rejected") told.push(frame);
        if (told.length === frames.length) resolve();
      };
    });
    socket.close();
    return told;
  }, socketUrl());
  expect(said.map(({ type }) => type)).toEqual(["problem", "problem", "problem", "problem", "rejected", "rejected"]);
  for (const { reason } of said) expect(reason?.length).toBeGreaterThan(10);
  expect(said[4]!.reason).toMatch(/no channel "nowhere".*dev, ops/);
  await visit.ask("echo after");
  expect(visit.told("dev").size).toBe(count + 2);
});
