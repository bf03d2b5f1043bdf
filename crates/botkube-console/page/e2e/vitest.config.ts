// The scenarios run one after the other: they share the machine, and some measure it.

import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    include: ["**/*.e2e.ts"],
    expect: { poll: { timeout: 5_000 } },
    testTimeout: 30_000,
    hookTimeout: 90_000,
    fileParallelism: false,
  },
});
