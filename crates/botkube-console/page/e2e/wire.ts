// The connection between page and agent, in the hands of a scenario: it can be lost, be gone for a while, or bring nothing
// back. Knows neither of the two.

import type { Page, WebSocketRoute } from "playwright-core";

export class Wire {
  deaf = false;
  cut = false;
  readonly said: string[] = [];
  private route: WebSocketRoute | undefined;

  readonly into = async (page: Page) => {
    await page.routeWebSocket(/\/ws$/, (route) => {
      if (this.cut) return void route.close();
      this.route = route;
      const server = route.connectToServer();
      route.onMessage((text) => {
        this.said.push(String(text));
        server.send(text);
      });
      server.onMessage((text) => {
        if (!this.deaf) route.send(text);
      });
    });
  };

  async lose() {
    await this.route?.close({ code: 3001 });
  }

  says() {
    return this.said.map((text) => JSON.parse(text)).filter(({ type }) => type === "say");
  }
}
