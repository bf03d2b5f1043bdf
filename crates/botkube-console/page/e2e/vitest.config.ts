// The scenarios run one after the other: they share a browser and the machine.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { root: import.meta.dirname, include: ["**/*.e2e.ts"], testTimeout: 30_000, hookTimeout: 90_000, fileParallelism: false },
});
