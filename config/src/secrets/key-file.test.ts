import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeyFileError, loadOrCreateKeyFile } from "./key-file.ts";

describe("loadOrCreateKeyFile()", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "headgate-key-"));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it("makes a key once, for its owner only, and finds it again", async () => {
    const path = join(directory, "data", "master.key");
    const key = await loadOrCreateKeyFile(path);
    expect(key).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await loadOrCreateKeyFile(path)).toEqual(key);
  });

  it("gives one key to all who start at once, and leaves nothing lying about", async () => {
    const path = join(directory, "master.key");
    const keys = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateKeyFile(path)));
    expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
    expect(await readdir(directory)).toEqual(["master.key"]);
  });

  it("takes a key in base64 too, as `openssl rand -base64 32` writes it", async () => {
    const path = join(directory, "master.key");
    await writeFile(path, `${Buffer.alloc(32, 7).toString("base64")}\n`);
    expect(await loadOrCreateKeyFile(path)).toEqual(Buffer.alloc(32, 7));
  });

  it("refuses a file of another length rather than replace it", async () => {
    const path = join(directory, "master.key");
    await writeFile(path, "");
    await expect(loadOrCreateKeyFile(path)).rejects.toThrow(/has 0 bytes.*restore it/);
    expect((await stat(path)).size).toBe(0);
  });

  it("says which file cannot be used", async () => {
    await expect(loadOrCreateKeyFile(directory)).rejects.toThrow(KeyFileError);
    await expect(loadOrCreateKeyFile(directory)).rejects.toThrow(directory);
  });
});
