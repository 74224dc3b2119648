import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { readProcessUsage } from "./process-usage.ts";

describe.skipIf(process.platform !== "linux")("readProcessUsage", () => {
  it("sees the CPU time that this process burns, threads included", async () => {
    const before = await readProcessUsage(process.pid);
    const ownBefore = process.cpuUsage();
    while (cpuUs(process.cpuUsage(ownBefore)) < 300_000);
    const after = await readProcessUsage(process.pid);
    expect(after.cpuUs - before.cpuUs).toBeGreaterThanOrEqual(280_000);
    expect(after.residentBytes).toBeGreaterThan(10 * 1024 * 1024);
  });

  it("counts descendants", async () => {
    const alone = await readProcessUsage(process.pid);
    const child = spawn(process.execPath, ["-e", "console.log(1); setTimeout(() => {}, 60000)"]);
    await once(child.stdout, "data");
    const together = await readProcessUsage(process.pid);
    child.kill();
    await once(child, "exit");
    expect(together.residentBytes).toBeGreaterThan(alone.residentBytes + 15 * 1024 * 1024);
  });

  it("refuses a process that does not exist", async () => {
    await expect(readProcessUsage(2 ** 30)).rejects.toThrow("ENOENT");
  });
});

function cpuUs(usage: NodeJS.CpuUsage): number {
  return usage.user + usage.system;
}
