import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../harness.ts";
import { whyNoSmallDisk, withSmallDisk } from "./small-disk.ts";

const reason = whyNoSmallDisk();
if (reason !== undefined) process.stdout.write(`small disks are not tried: ${reason}\n`);

describe.skipIf(reason !== undefined)("withSmallDisk()", () => {
  it("keeps the files, fills up, makes room, and leaves the folder as it was", async () => {
    using parent = temporaryFolder();
    const folder = join(parent.path, "state");
    const kept = join(folder, "kept");
    mkdirSync(folder);
    writeFileSync(kept, "old");
    const around = async (work: () => void) => work();
    await withSmallDisk({ folder, around }, async (disk) => {
      expect(readFileSync(kept, "utf8")).toBe("old");
      disk.fill();
      disk.fill();
      expect(() => writeFileSync(join(folder, "more"), "x")).toThrow("ENOSPC");
      disk.makeRoom();
      writeFileSync(join(folder, "more"), "x");
      writeFileSync(kept, "new");
    });
    expect(readFileSync(kept, "utf8")).toBe("old");
    expect(() => readFileSync(join(folder, "more"))).toThrow("ENOENT");
  });

  it("leaves the folder as it was when the work fails", async () => {
    using parent = temporaryFolder();
    const folder = join(parent.path, "state");
    mkdirSync(folder);
    const around = async (work: () => void) => work();
    const failed = withSmallDisk({ folder, around }, () => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
    writeFileSync(join(folder, "file"), "x");
  });
});
