// Where the page starts: a still when the document holds one, a session with the agent it came from otherwise.

import "./app.css";
import "./view/app.ts";
import { App } from "./view/app.ts";
import { Session } from "./session.ts";
import { applyTheme } from "./theme.ts";
import { parseEntries } from "./wire.ts";

applyTheme();
const app = document.querySelector<App>("bk-app") ?? document.body.appendChild(new App());
const still = document.getElementById("still");
if (still) {
  app.still = parseEntries(still.textContent ?? "");
} else {
  const session = new Session({
    socket: () => new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`),
    why,
    changed: () => app.requestUpdate(),
    local: localStorage,
    session: sessionStorage,
  });
  app.session = session;
  session.link.connect();
  addEventListener("online", () => session.link.hurry());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") session.link.hurry();
  });
}

/** A socket does not say why it was refused; the page's own address does. */
async function why(): Promise<string | undefined> {
  try {
    const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    const unknown = answer.status === 401 || answer.status === 403;
    return unknown ? "The agent does not know this browser any more. Open the link it printed when it started." : undefined;
  } catch {
    return undefined;
  }
}
