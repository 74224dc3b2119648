import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDirectory } from "./make-directory.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "headgate-make-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("makeDirectory", () => {
  it("makes a directory and those above it, for its owner only, and twice", async () => {
    const path = join(directory, "a", "b");
    await Promise.all([makeDirectory(path), makeDirectory(path)]);
    await makeDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it("names a file that is in the way", async () => {
    const path = join(directory, "file");
    await writeFile(path, "");
    await expect(makeDirectory(path)).rejects.toThrow(`cannot make the directory ${path}: EEXIST`);
    await expect(makeDirectory(join(path, "x"))).rejects.toThrow("cannot make the directory");
  });

  it.runIf(process.platform === "linux")("gives up where nothing can be made", async () => {
    await expect(makeDirectory("/proc/headgate/data")).rejects.toThrow("cannot make the directory");
  });
});
