import { expect, test } from "vitest";
import { form, gallery } from "../e2e/gallery.ts";
import { holders, kept, submitted } from "../src/controls.ts";

test("controls have the ids the agent gives them", () => {
  expect(holders(gallery).map(({ id }) => id)).toEqual(["m2.0", "s2.0", "s2.1", "i3.0", "i3.1"]);
  expect(holders(form).map(({ id }) => id)).toEqual(["s0.0", "im.0", "im.1"]);
});
test("a form presses each input that holds text", () => {
  expect(submitted(form, { "s0.0": ["note"], "im.0": ["a"], "im.1": [" "] })).toEqual([{ id: "im.0", values: ["a"] }]);
});
test("a form without inputs presses its drop-downs", () => {
  const { plaintextInputs: _, ...rest } = form;
  expect(submitted(rest, { "s0.0": ["note"] })).toEqual([{ id: "s0.0", values: ["note"] }]);
});
test("what was entered stays while its control does", () => {
  const entered = { "s2.0": ["memory"], "s2.1": ["web-7"], "i3.0": ["text"], "m2.0": ["k8s-all"], "b0.0": ["x"] };
  expect(kept(entered, gallery, structuredClone(gallery))).toEqual({
    "s2.0": ["memory"],
    "s2.1": ["web-7"],
    "i3.0": ["text"],
    "m2.0": ["k8s-all"],
  });
});
test("what was entered goes with its option or its command", () => {
  const now = structuredClone(gallery);
  now.sections![2]!.selects!.items![0]!.optionGroups = [];
  now.sections![3]!.plaintextInputs![0]!.command = "other ";
  expect(kept({ "s2.0": ["memory"], "i3.0": ["text"] }, gallery, now)).toEqual({});
});
