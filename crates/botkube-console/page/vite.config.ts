// How the page is built: three files with fixed names, the same bytes every time, which the agent embeds.
// Knows nothing of what is in them.

import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    outDir: "dist",
    target: ["chrome123", "firefox128", "safari17.5"],
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: { output: { entryFileNames: "app.js", assetFileNames: "app.[ext]" } },
  },
  test: { include: ["test/**/*.test.ts"], environment: "happy-dom" },
});
