import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    reporters: ["default", "./scripts/summary-reporter.ts"],
    include: ["*/src/**/*.test.ts", "scripts/**/*.test.ts", "testing/e2e/**/*.test.ts"],
    globalSetup: ["testing/src/servers/vitest-setup.ts"],
    // Half of the time of half of the tests is spent waiting: for servers, elections, faults.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
