import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    reporters: ["default", "./scripts/summary-reporter.ts"],
    include: ["*/src/**/*.test.ts", "scripts/**/*.test.ts", "testing/e2e/**/*.test.ts"],
    globalSetup: ["testing/src/servers/vitest-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
