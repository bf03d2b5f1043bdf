// Messages that show one of everything, and text that would like to be markup. Knows no page.

import type { Message } from "../src/wire.ts";

export const TOP = `PID     COMMAND            CPU %   MEMORY   THREADS
  812   postgres            38.2   1.2 GiB        41
 2290   kube-apiserver      17.9   812 MiB        23
 3117   etcd                11.4   204 MiB        12
  977   botkube              2.1    38 MiB         9
 4410   coredns              0.7    21 MiB        11`;

export const gallery: Message = {
  baseBody: {
    plaintext:
      "*One of everything* a message can hold, with _italics_, `code`, ~old news~, a [link](https://example.org/docs) and :tada: as it is.\n- first point\n- second point with `code`",
    codeBlock: TOP,
  },
  sections: [
    {
      header: "Buttons",
      description: "A command each, or a page",
      buttons: [
        { name: "Refresh", command: "sys top", style: "primary" },
        { name: "Disk", command: "sys disk" },
        { name: "Restart", command: "echo restart", style: "danger" },
        { name: "Docs", url: "https://example.org/docs" },
        { name: "Bad page", url: "javascript:alert(1)" },
        { name: "Get pods", command: "kubectl get pods", description: "kubectl get pods -n default", descriptionStyle: "code" },
        { name: "Explain", command: "echo explain", description: "What this cluster is for", descriptionStyle: "bold" },
      ],
    },
    {
      header: "Deployment web",
      textFields: [
        { key: "Namespace", value: "default" },
        { key: "Ready", value: "3 of 3" },
        { key: "Image", value: "`registry.example.org/web:1.4.2`" },
        { key: "Age", value: "12 days" },
      ],
      bulletLists: [{ title: "Warnings", items: ["no memory limit is set", "the image tag is *latest*"] }],
      context: [{ text: "_Looked at just now_" }],
    },
    {
      header: "Drop-downs",
      style: { divider: "none" },
      selects: {
        id: "picker",
        items: [
          {
            type: "static",
            name: "Order by",
            command: "echo order",
            optionGroups: [
              { name: "Use", options: [{ name: "CPU", value: "cpu" }, { name: "Memory", value: "memory" }] },
              { name: "Identity", options: [{ name: "Process id", value: "pid" }, { name: "Name", value: "name" }] },
            ],
            initialOption: { name: "CPU", value: "cpu" },
          },
          { type: "external", name: "Pod", command: "echo pod" },
        ],
      },
      multiSelect: {
        name: "Sources",
        description: { plaintext: "What this channel is told about" },
        command: "echo sources",
        options: [
          { name: "Errors", value: "k8s-err" },
          { name: "Everything", value: "k8s-all" },
          { name: "Prometheus alerts", value: "prometheus" },
        ],
        initialOptions: [{ name: "Errors", value: "k8s-err" }],
      },
    },
    {
      header: "Fields to fill in",
      plaintextInputs: [
        { command: "echo filter=", text: "Filter", placeholder: "Words to look for", dispatchedAction: "on_enter_pressed" },
        { command: "echo search=", text: "Search while typing", dispatchedAction: "on_character_entered" },
      ],
      buttons: [{ name: "Open a form", command: "form" }],
    },
  ],
  timestamp: "2024-11-05T10:00:00.12+01:00",
};

export const form: Message = {
  type: "form",
  baseBody: { plaintext: "Where should the notes go?" },
  sections: [
    {
      selects: {
        items: [{ name: "Kind", command: "echo kind", optionGroups: [{ options: [{ name: "Note", value: "note" }, { name: "Task", value: "task" }] }] }],
      },
    },
  ],
  plaintextInputs: [
    { command: "echo title=", text: "Title", placeholder: "A few words" },
    { command: "echo body=", text: "Text" },
  ],
};

export const ATTACKS = [
  `<script>window.pwned=1</script>`,
  `<img src=x onerror="window.pwned=1">`,
  `"><svg onload=window.pwned=1>`,
  `<svg><a xlink:href="javascript:window.pwned=1"><text>x</text></a></svg>`,
  `' autofocus onfocus='window.pwned=1`,
  `</textarea></pre></script><script>window.pwned=1</script>`,
  `<style>body{display:none}</style>`,
  `<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>`,
  `javascript:window.pwned=1`,
  `[click](javascript:window.pwned=1)`,
  `[click]( java\tscript:window.pwned=1)`,
  `<javascript:window.pwned=1|click>`,
  `<data:text/html,<script>window.pwned=1</script>|click>`,
  `[click](data:text/html;base64,PHNjcmlwdD4=)`,
  `[a](https://example.org/"onmouseover="window.pwned=1)`,
  `https://example.org/"onmouseover="window.pwned=1`,
  "`<img src=x onerror=window.pwned=1>`",
  "```\n</code></pre><img src=x onerror=window.pwned=1>\n```",
  `<!--<img src="--><img src=x onerror=window.pwned=1>">`,
  `{{constructor.constructor('window.pwned=1')()}}`,
  "${window.pwned=1}",
  `\u202e<script>window.pwned=1</script>`,
  `\u001b]8;;javascript:window.pwned=1\u0007click\u001b]8;;\u0007`,
  `expression(window.pwned=1); background:url(javascript:window.pwned=1)`,
];

/** A message with the same text wherever a text can be. */
export function attack(text: string): Message {
  return {
    type: text,
    baseBody: { codeBlock: text, plaintext: text },
    timestamp: text,
    sections: [
      {
        style: { divider: text },
        header: text,
        description: text,
        body: { codeBlock: text, plaintext: text },
        buttons: [
          { name: text, command: text, style: text },
          { name: text, command: text, description: text, descriptionStyle: "text" },
          { name: text, command: text, description: text, descriptionStyle: text },
          { name: text, url: text },
          { name: text, url: "javascript:window.pwned=1" },
        ],
        multiSelect: {
          name: text,
          description: { plaintext: text, codeBlock: text },
          command: text,
          options: [{ name: text, value: text }],
          initialOptions: [{ name: text, value: text }],
        },
        selects: {
          id: text,
          items: [
            { type: text, name: text, command: text, optionGroups: [{ name: text, options: [{ name: text, value: text }] }], initialOption: { name: text, value: text } },
          ],
        },
        plaintextInputs: [{ command: text, text, placeholder: text, dispatchedAction: text }],
        textFields: [{ key: text, value: text }],
        bulletLists: [{ title: text, items: [text] }],
        context: [{ text }],
      },
    ],
    plaintextInputs: [{ command: text, text, placeholder: text }],
  };
}
