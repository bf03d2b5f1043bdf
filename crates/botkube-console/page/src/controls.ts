// The controls of a message: their names on the wire, and what they hold. Knows no element and no connection.

import type { Entered, Input, Message, MultiSelect, Option, Select } from "./wire.ts";

export type Control =
  | { kind: "select"; id: string; of: Select }
  | { kind: "multi"; id: string; of: MultiSelect }
  | { kind: "input"; id: string; of: Input };

/** Control ids: the kind's letter, the section's number or `m` for the message itself, the place there. */
export const idOf = {
  button: (section: number, index: number): string => `b${section}.${index}`,
  select: (section: number, index: number): string => `s${section}.${index}`,
  multi: (section: number): string => `m${section}.0`,
  input: (section: number | "m", index: number): string => `i${section}.${index}`,
};

/** The controls that hold something. */
export function holders(message: Message): Control[] {
  const controls: Control[] = [];
  message.sections?.forEach((section, at) => {
    if (section.multiSelect?.options?.length) {
      controls.push({ kind: "multi", id: idOf.multi(at), of: section.multiSelect });
    }
    section.selects?.items?.forEach((of, index) => controls.push({ kind: "select", id: idOf.select(at, index), of }));
    section.plaintextInputs?.forEach((of, index) => controls.push({ kind: "input", id: idOf.input(at, index), of }));
  });
  message.plaintextInputs?.forEach((of, index) => controls.push({ kind: "input", id: idOf.input("m", index), of }));
  return controls;
}

/** What is still true of what was entered, now that the message is another: the agent refuses the rest. */
export function kept(entered: Entered, before: Message | undefined, now: Message | undefined): Entered {
  const old = new Map((before ? holders(before) : []).map((control) => [control.id, control]));
  const rest: Entered = {};
  for (const control of now ? holders(now) : []) {
    const values = entered[control.id];
    const same = old.get(control.id)?.of.command === control.of.command;
    if (values && same && values.every((value) => accepts(control, value))) rest[control.id] = values;
  }
  return rest;
}

/** The options of a select, in their groups. */
export function has(options: Option[], value: string): boolean {
  return options.some((option) => (option.value ?? "") === value);
}

/**
 * What is to be pressed when a form is sent, as Slack's are: each input that holds text is a command. A form without inputs
 * presses the drop-downs that were used.
 */
export function submitted(message: Message, entered: Entered): { id: string; values: string[] }[] {
  const controls = holders(message).filter((control) => control.of.command?.trim());
  const inputs = controls.filter((control) => control.kind === "input");
  return (inputs.length ? inputs : controls).flatMap(({ id }) => {
    const values = entered[id];
    return values?.some((value) => value.trim()) ? [{ id, values }] : [];
  });
}

function accepts(control: Control, value: string): boolean {
  switch (control.kind) {
    case "input":
      return true;
    case "multi":
      return has(control.of.options ?? [], value);
    case "select":
      return control.of.type === "external" || has(control.of.optionGroups?.flatMap((group) => group.options ?? []) ?? [], value);
  }
}
