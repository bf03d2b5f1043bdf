// The page's icons, drawn with the colour of the text around them. Knows nothing of where they are used.

import { svg, type SVGTemplateResult, html, type TemplateResult } from "lit";

const draw = (path: SVGTemplateResult): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${path}</svg>`;

export const icons = {
  copy: draw(svg`<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 3.5v-.5a1 1 0 0 0-1-1H3.5a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1H4"/>`),
  check: draw(svg`<path d="m3.5 8.5 3 3 6-7"/>`),
  cross: draw(svg`<path d="m4 4 8 8m0-8-8 8"/>`),
  stop: draw(svg`<rect x="4.5" y="4.5" width="7" height="7" rx="1.5"/>`),
  down: draw(svg`<path d="m4.5 6.5 3.5 3.5 3.5-3.5"/>`),
  arrowDown: draw(svg`<path d="M8 3v10m-4-4 4 4 4-4"/>`),
  send: draw(svg`<path d="M8 13V3M4 7l4-4 4 4"/>`),
  link: draw(svg`<path d="M6.5 3.5H4a1 1 0 0 0-1 1V12a1 1 0 0 0 1 1h7.5a1 1 0 0 0 1-1V9.5M9.5 2.5h4v4m0-4L7.5 8.5"/>`),
  eye: draw(svg`<path d="M1.5 8s2.5-4.5 6.5-4.5S14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="1.8"/>`),
  file: draw(svg`<path d="M4 1.5h5l3.5 3.5v9a.5.5 0 0 1-.5.5H4a.5.5 0 0 1-.5-.5V2a.5.5 0 0 1 .5-.5zM9 1.5V5h3.5"/>`),
  menu: draw(svg`<path d="M2.5 4.5h11m-11 3.5h11m-11 3.5h11"/>`),
  sun: draw(svg`<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.2m0 10.6v1.2M1.5 8h1.2m10.6 0h1.2M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9"/>`),
  moon: draw(svg`<path d="M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7z"/>`),
  screen: draw(svg`<rect x="2" y="2.8" width="12" height="8.4" rx="1.2"/><path d="M5.5 13.5h5"/>`),
  clock: draw(svg`<circle cx="8" cy="8" r="5.7"/><path d="M8 4.8V8l2.2 1.6"/>`),
  ban: draw(svg`<circle cx="8" cy="8" r="5.7"/><path d="m4 4 8 8"/>`),
  alert: draw(svg`<path d="M8 5.2v3.6m0 2.2v.1M7.1 2.3 1.6 12a1 1 0 0 0 .9 1.5h11a1 1 0 0 0 .9-1.5L8.9 2.3a1 1 0 0 0-1.8 0z"/>`),
  bot: html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"
    ><path d="m3.5 5 3.5 3-3.5 3M8.5 11.5h4" /></svg
  >`,
};
