import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Ends the run with one plain line that machines can read: `123 passed, 0 failed`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    // A file that could not be loaded, or an error outside of every test, is a failure too.
    counts.failed += errors.length;
    for (const module of modules) {
      counts.failed += module.errors().length;
      // What breaks before a suite's first test leaves its tests skipped, not failed.
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    process.on("exit", () => {
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
    });
  }
}
