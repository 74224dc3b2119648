import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSealer } from "@headgate/config";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeState, key, provider, team } from "./__fixtures__/deltas.ts";
import { applyDelta } from "./apply-delta.ts";
import { readSavedSnapshot, writeSavedSnapshot } from "./saved-snapshot.ts";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";

const sealer = createSealer(new Uint8Array(32).fill(7));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("saved snapshot", () => {
  it("is read as it was written, with when", async () => {
    const snapshot = someSnapshot();
    await writeSavedSnapshot({ dir, sealer }, snapshot);
    const read = await readSavedSnapshot({ dir, sealer });
    if (read.kind !== "loaded") throw new Error(read.kind);
    expect(read.snapshot.version).toBe(snapshot.version);
    expect(read.snapshot.stateHash).toBe(snapshot.stateHash);
    expect(sorted(read.snapshot)).toEqual(sorted(snapshot));
    expect(read.savedAtMs).toBe(statSync(join(dir, "snapshot.sealed")).mtimeMs);
  });

  it("replaces the one before, and leaves no other file", async () => {
    await writeSavedSnapshot({ dir, sealer }, someSnapshot());
    await writeSavedSnapshot({ dir, sealer }, { ...emptySnapshot, version: 9n });
    expect(await readSavedSnapshot({ dir, sealer })).toMatchObject({ snapshot: { version: 9n } });
    expect(readdirSync(dir)).toEqual(["snapshot.sealed"]);
  });

  it("is none at the first start, even without the folder", async () => {
    expect(await readSavedSnapshot({ dir: join(dir, "new"), sealer })).toEqual({ kind: "none" });
  });

  it("makes the folder, readable by its owner only, as is the file", async () => {
    const deep = join(dir, "a", "b");
    await writeSavedSnapshot({ dir: deep, sealer }, someSnapshot());
    expect(statSync(deep).mode & 0o777).toBe(0o700);
    expect(statSync(join(deep, "snapshot.sealed")).mode & 0o777).toBe(0o600);
  });

  it("holds no secret in the clear", async () => {
    await writeSavedSnapshot({ dir, sealer }, someSnapshot());
    const file = readFileSync(join(dir, "snapshot.sealed"));
    for (const word of ["sk-upstream-secret", "alice", "openai"]) {
      expect(file.includes(word)).toBe(false);
    }
  });

  const rows: { name: string; damage: (file: Buffer) => Buffer; reason: RegExp }[] = [
    { name: "an empty file", damage: () => Buffer.alloc(0), reason: /not a saved snapshot/ },
    { name: "another file", damage: () => Buffer.from("{}"), reason: /not a saved snapshot/ },
    { name: "only the head", damage: (file) => file.subarray(0, 20), reason: /truncated/ },
    { name: "a file cut short", damage: (file) => file.subarray(0, -1), reason: /checksum/ },
    { name: "one bit changed", damage: (file) => flip(file, file.length - 9), reason: /checksum/ },
    { name: "a checksum changed", damage: (file) => flip(file, 10), reason: /checksum/ },
    {
      name: "a format of the future",
      damage: (file) => flip(file, 7),
      reason: /format 0, this build reads 1/,
    },
  ];
  it.each(rows)("sets $name aside and starts empty", async ({ damage, reason }) => {
    await writeSavedSnapshot({ dir, sealer }, someSnapshot());
    const path = join(dir, "snapshot.sealed");
    const damaged = damage(readFileSync(path));
    writeFileSync(path, damaged);
    const read = await readSavedSnapshot({ dir, sealer });
    expect(read).toMatchObject({ kind: "unusable", movedTo: `${path}.corrupt` });
    expect(read).toMatchObject({ reason: expect.stringMatching(reason) });
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(`${path}.corrupt`)).toEqual(damaged);
  });

  it("sets a file sealed with another key aside, and says what to look at", async () => {
    await writeSavedSnapshot({ dir, sealer }, someSnapshot());
    const other = createSealer(new Uint8Array(32).fill(8));
    expect(await readSavedSnapshot({ dir, sealer: other })).toMatchObject({
      kind: "unusable",
      reason: expect.stringContaining("HEADGATE_MASTER_KEY"),
    });
    expect(readdirSync(dir)).toEqual(["snapshot.sealed.corrupt"]);
  });

  it("sets aside what the checks of this build refuse", async () => {
    const snapshot = someSnapshot();
    const resources = snapshot.resources.with([["team/!", team("!")]]);
    await writeSavedSnapshot({ dir, sealer }, { ...snapshot, resources });
    expect(await readSavedSnapshot({ dir, sealer })).toMatchObject({
      kind: "unusable",
      reason: expect.stringContaining("team !"),
    });
  });

  it("leaves in place what the disk does not give", async () => {
    mkdirSync(join(dir, "snapshot.sealed"));
    const read = await readSavedSnapshot({ dir, sealer });
    expect(read).toMatchObject({ kind: "unusable", reason: expect.stringContaining("EISDIR") });
    expect(readdirSync(dir)).toEqual(["snapshot.sealed"]);
  });

  it("cannot be written where a file is in the way of the folder", async () => {
    const file = join(dir, "file");
    writeFileSync(file, "");
    chmodSync(file, 0o400);
    await expect(writeSavedSnapshot({ dir: file, sealer }, someSnapshot())).rejects.toThrow(
      /EEXIST|ENOTDIR/,
    );
  });

  it("never throws nor loads, whichever byte is changed", async () => {
    await writeSavedSnapshot({ dir, sealer }, someSnapshot());
    const path = join(dir, "snapshot.sealed");
    const good = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 1 }), async (at) => {
        writeFileSync(path, flip(good, at));
        expect((await readSavedSnapshot({ dir, sealer })).kind).toBe("unusable");
      }),
    );
  });
});

function someSnapshot(): Snapshot {
  const full = new FakeState().change(7n, [
    team("red"),
    key("alice", 3n, "red"),
    provider("openai"),
  ]);
  const outcome = applyDelta(emptySnapshot, full);
  if (outcome.ok) return outcome.snapshot;
  throw new Error(JSON.stringify(outcome.rejected));
}

function flip(file: Buffer, at: number): Buffer {
  const changed = Buffer.from(file);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}

function sorted({ resources }: Snapshot) {
  return [...resources.values()].sort((a, b) =>
    String(a.resource.case) < String(b.resource.case) ? -1 : 1,
  );
}
