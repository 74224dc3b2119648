import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeyFileError } from "./key-file.ts";
import { loadKeyRing } from "./key-ring.ts";
import { createSecretSources } from "./sources/secret-sources.ts";

const keys = Array.from({ length: 9 }, (_, at) => Buffer.alloc(32, at + 1));
const [first, second, third] = keys.map((key) => key.toString("base64"));

describe("loadKeyRing()", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "headgate-ring-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("makes a key in its directory at first start, alone in its ring", async () => {
    const { current, previous } = await load();
    expect(current).toHaveLength(32);
    expect(previous).toEqual([]);
    expect(await load()).toEqual({ current, previous });
  });

  it("opens also with the keys beside master.key, and with nothing else that lies there", async () => {
    for (const [at, name] of [
      "master.key",
      "master.key.old",
      "master.key.old-2026-11",
      "master.key.next",
    ].entries()) {
      await writeFile(join(directory, name), keys[at] ?? "");
    }
    await writeFile(join(directory, "master.key.0123456789ab"), "half written");
    await writeFile(join(directory, "old.master.key.old"), "another's");
    expect(await load()).toEqual({ current: keys[0], previous: [keys[3], keys[1], keys[2]] });
  });

  it("is rotated by moving the key aside: a new one is made, and the old one still opens", async () => {
    await writeFile(join(directory, "master.key.old-1"), keys[0] ?? "");
    const { current, previous } = await load();
    expect(previous).toEqual([keys[0]]);
    expect(current).not.toEqual(keys[0]);
  });

  it("takes the keys of the environment, the first as the current one, and touches no file", async () => {
    const list = `${second}, ${first},${third}\n`;
    const ring = { current: keys[1], previous: [keys[0], keys[2]] };
    expect(await load({ HEADGATE_MASTER_KEY: list })).toEqual(ring);
    expect(await readdir(directory)).toEqual([]);
  });

  it("takes the same list from a file, and from what a command prints", async () => {
    const file = join(directory, "keys");
    await writeFile(file, `${second}\n${first}\n`);
    const ring = { current: keys[1], previous: [keys[0]] };
    const spaced = join(directory, "with space");
    await mkdir(spaced);
    await writeFile(join(spaced, "keys"), `${second},${first}`);
    const environments = [
      { HEADGATE_MASTER_KEY_FILE: file },
      { HEADGATE_MASTER_KEY_COMMAND: `cat  ${file}` },
      { HEADGATE_MASTER_KEY_COMMAND: JSON.stringify(["cat", join(spaced, "keys")]) },
    ];
    for (const env of environments) expect(await load(env)).toEqual(ring);
  });

  it.each([
    { name: "a text that is no key", list: "short", says: "must be 32 bytes in base64: " },
    { name: "31 bytes", list: Buffer.alloc(31).toString("base64"), says: "must be 32 bytes" },
    { name: "a wrong sign", list: `${"A".repeat(43)}!`, says: "must be 32 bytes" },
    { name: "a bad second key", list: `${first},bad,${second}`, says: "(key 2 of 3)" },
    { name: "only commas", list: " , ,", says: "must be 32 bytes" },
    {
      name: "nine keys",
      list: keys.map((key) => key.toString("base64")).join(","),
      says: "there are 9 master keys, at most 8",
    },
  ])("refuses $name, and shows nothing of it", async ({ list, says }) => {
    const error = await load({ HEADGATE_MASTER_KEY: list }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KeyFileError);
    expect(String(error)).toContain(says);
    for (const item of list.split(/[\s,]+/).filter((one) => one.length > 4)) {
      expect(String(error)).not.toContain(item);
    }
  });

  it.each([
    {
      name: "two places",
      env: { HEADGATE_MASTER_KEY: first, HEADGATE_MASTER_KEY_FILE: "keys" },
      says: "give either HEADGATE_MASTER_KEY or HEADGATE_MASTER_KEY_FILE, not both",
    },
    {
      name: "a file that is not there",
      env: { HEADGATE_MASTER_KEY_FILE: "/nowhere/keys" },
      says: "no master key by HEADGATE_MASTER_KEY_FILE: cannot read /nowhere/keys: there is no such file",
    },
    {
      name: "a command that fails",
      env: { HEADGATE_MASTER_KEY_COMMAND: "cat /nowhere/keys" },
      says: "no master key by HEADGATE_MASTER_KEY_COMMAND: the command cat failed with exit status 1",
    },
    {
      name: "an array that is none",
      env: { HEADGATE_MASTER_KEY_COMMAND: "[cat, keys]" },
      says: "is no JSON array of texts",
    },
  ])("says what is wrong with $name, and makes no key instead", async ({ env, says }) => {
    await expect(load(env)).rejects.toThrow(KeyFileError);
    await expect(load(env)).rejects.toThrow(says);
    expect(await readdir(directory)).toEqual([]);
  });

  it("refuses a key beside master.key that is damaged", async () => {
    await writeFile(join(directory, "master.key.old"), "damaged");
    await expect(load()).rejects.toThrow(/master\.key\.old has 7 bytes/);
  });

  function load(env: Readonly<Record<string, string | undefined>> = {}) {
    const given = { PATH: process.env["PATH"], ...env };
    const sources = createSecretSources({ env: given, clock: systemClock });
    return loadKeyRing({ directory, env: given, sources });
  }
});
