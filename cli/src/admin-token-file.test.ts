import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkedAdminToken, loadOrCreateAdminToken } from "./admin-token-file.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "headgate-token-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("loadOrCreateAdminToken()", () => {
  it("makes a token at first start, for its owner only, and keeps it", async () => {
    const path = join(directory, "data", "admin-token");
    const token = await loadOrCreateAdminToken(path);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, "data"))).mode & 0o777).toBe(0o700);
    expect(await loadOrCreateAdminToken(path)).toBe(token);
  });

  it("gives all who start together the same token, and leaves nothing else behind", async () => {
    const path = join(directory, "admin-token");
    const tokens = await Promise.all(
      Array.from({ length: 20 }, () => loadOrCreateAdminToken(path)),
    );
    expect(new Set(tokens).size).toBe(1);
    expect(await readdir(directory)).toEqual(["admin-token"]);
  });

  it.each(["", "\n", "short\n"])("refuses a file with %j and says what to do", async (text) => {
    const path = join(directory, "admin-token");
    await writeFile(path, text);
    await expect(loadOrCreateAdminToken(path)).rejects.toThrow(/delete it and a new one is made/);
  });

  it("names the file it cannot use", async () => {
    await expect(loadOrCreateAdminToken(directory)).rejects.toThrow(
      `cannot use the admin token file ${directory}`,
    );
  });
});

describe("checkedAdminToken()", () => {
  it("takes a long one without the line end of a secret file, refuses a short one", () => {
    expect(checkedAdminToken("0123456789abcdef\n")).toBe("0123456789abcdef");
    expect(() => checkedAdminToken("admin")).toThrow(/at least 16 characters/);
  });
});
