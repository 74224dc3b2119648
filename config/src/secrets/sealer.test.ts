import { createCipheriv, createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSealer } from "./sealer.ts";
import { UnsealError } from "./unseal-error.ts";

describe("createSealer()", () => {
  const key = randomBytes(32);
  const sealer = createSealer(key);

  it("opens what it sealed, also in another process, and never seals twice alike", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, context) => {
        const sealed = sealer.seal(bytes, context);
        expect(Buffer.from(createSealer(key).open(sealed, context))).toEqual(Buffer.from(bytes));
        expect(sealer.seal(bytes, context)).not.toEqual(sealed);
      }),
    );
  });

  it.each([
    { name: "version 2", sealed: sealer.seal(Buffer.from("secret"), "here") },
    { name: "version 1", sealed: sealedAsVersion1(key, "secret", "here") },
  ])(
    "opens nothing of $name of which a single bit was changed, or the end cut off",
    ({ sealed }) => {
      const ring = createSealer(randomBytes(32), [key]);
      for (const one of [sealer, ring]) {
        expect(Buffer.from(one.open(sealed, "here")).toString()).toBe("secret");
        for (let bit = 0; bit < sealed.length * 8; bit++) {
          const changed = Buffer.from(sealed);
          changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          expect(() => one.open(changed, "here")).toThrow(UnsealError);
        }
        for (let length = 0; length < sealed.length; length++) {
          expect(() => one.open(sealed.subarray(0, length), "here")).toThrow(UnsealError);
        }
      }
    },
  );

  it("opens under the same key and context only, and says what did not open", () => {
    const sealed = sealer.seal(Buffer.from("secret"), "/resources/key/a");
    expect(() => sealer.open(sealed, "/resources/key/b")).toThrow(UnsealError);
    const id = createHash("sha256").update(key).digest("hex").slice(0, 8);
    expect(() => createSealer(randomBytes(32)).open(sealed, "/resources/key/a")).toThrow(
      new RegExp(
        `cannot open the sealed /resources/key/a: it was sealed with the key ${id}, .*HEADGATE_MASTER_KEY`,
      ),
    );
  });

  it("takes keys of 32 bytes and keeps its own copies", () => {
    expect(() => createSealer(randomBytes(16))).toThrow(RangeError);
    expect(() => createSealer(key, [randomBytes(31)])).toThrow(RangeError);
    const mine = Uint8Array.from(key);
    const older = Uint8Array.from(randomBytes(32));
    const sealed = createSealer(older).seal(Buffer.from("y"), "c");
    const other = createSealer(mine, [older]);
    mine.fill(0);
    older.fill(0);
    expect(Buffer.from(sealer.open(other.seal(Buffer.from("x"), "c"), "c")).toString()).toBe("x");
    expect(Buffer.from(other.open(sealed, "c")).toString()).toBe("y");
  });
});

describe("a ring of keys", () => {
  const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)];

  it("writes version, key id, nonce, ciphertext and tag", () => {
    const sealed = createSealer(second, [first]).seal(Buffer.from("secret"), "c");
    expect(sealed).toHaveLength(1 + 4 + 12 + 6 + 16);
    expect(sealed[0]).toBe(2);
    const id = createHash("sha256").update(second).digest().subarray(0, 4);
    expect(Buffer.from(sealed.subarray(1, 5))).toEqual(id);
  });

  it("seals with the current key, opens with any, and tells them apart", () => {
    const ring = createSealer(third, [second, first]);
    for (const [key, current] of [
      [first, false],
      [second, false],
      [third, true],
    ] as const) {
      const sealed = createSealer(key).seal(Buffer.from("x"), "c");
      expect(Buffer.from(ring.open(sealed, "c")).toString()).toBe("x");
      expect(ring.isCurrent(sealed)).toBe(current);
      expect(() => ring.open(sealed, "d")).toThrow(UnsealError);
    }
    const sealed = ring.seal(Buffer.from("x"), "c");
    expect(() => createSealer(second, [first]).open(sealed, "c")).toThrow(UnsealError);
    expect(ring.isCurrent(sealed)).toBe(true);
  });

  it("opens version 1 with any of its keys, and takes it for old even under the current one", () => {
    const ring = createSealer(third, [second, first]);
    for (const key of [first, second, third]) {
      const sealed = sealedAsVersion1(key, "x", "c");
      expect(Buffer.from(ring.open(sealed, "c")).toString()).toBe("x");
      expect(ring.isCurrent(sealed)).toBe(false);
    }
    expect(() => ring.open(sealedAsVersion1(randomBytes(32), "x", "c"), "c")).toThrow(UnsealError);
  });

  it.each([
    { name: "nothing", bytes: new Uint8Array() },
    {
      name: "plain text",
      bytes: Buffer.from("plain text, never sealed, and longer than any head"),
    },
    { name: "an unknown version", bytes: Buffer.concat([Uint8Array.of(3), randomBytes(60)]) },
  ])("takes $name for not current, and does not open it", ({ bytes }) => {
    expect(createSealer(first).isCurrent(bytes)).toBe(false);
    expect(() => createSealer(first).open(bytes, "c")).toThrow(UnsealError);
  });

  it("counts a key once however often it is listed, and has a bound", () => {
    const twice = createSealer(first, [second, first, second]);
    expect(twice.isCurrent(createSealer(first).seal(Buffer.from("x"), "c"))).toBe(true);
    const many = Array.from({ length: 8 }, () => randomBytes(32));
    expect(() => createSealer(first, many)).toThrow("at most 8 keys, got 9");
    expect(() => createSealer(first, [...many.slice(1), first])).not.toThrow();
  });
});

/** As the first releases sealed: without a key id. */
function sealedAsVersion1(key: Uint8Array, text: string, context: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
  const ciphertext = [cipher.update(text), cipher.final()];
  return Buffer.concat([Uint8Array.of(1), nonce, ...ciphertext, cipher.getAuthTag()]);
}
