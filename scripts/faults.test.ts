import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);

describe("npm run faults", () => {
  it("says what it takes", async () => {
    const { stdout } = await run(process.execPath, ["scripts/faults.ts", "--help"]);
    expect(stdout).toContain("--only WORDS");
  });

  it.each([
    { name: "an option that it does not know", args: ["--fast"], code: 2, says: "Usage:" },
    { name: "no fault of that name", args: ["--only", "sunshine"], code: 1, says: "sunshine" },
  ])("refuses $name, and starts nothing", async ({ args, code, says }) => {
    const failed = run(process.execPath, ["scripts/faults.ts", ...args]);
    await expect(failed).rejects.toMatchObject({ code, stderr: expect.stringContaining(says) });
  });
});
