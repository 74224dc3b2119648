import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSealer, UnsealError } from "./sealer.ts";

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

  it("opens nothing of which a single bit was changed, or the end cut off", () => {
    const sealed = sealer.seal(Buffer.from("secret"), "here");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => sealer.open(changed, "here")).toThrow(UnsealError);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => sealer.open(sealed.subarray(0, length), "here")).toThrow(UnsealError);
    }
  });

  it("opens under the same key and context only, and says what did not open", () => {
    const sealed = sealer.seal(Buffer.from("secret"), "/resources/key/a");
    expect(() => sealer.open(sealed, "/resources/key/b")).toThrow(UnsealError);
    expect(() => createSealer(randomBytes(32)).open(sealed, "/resources/key/a")).toThrow(
      /cannot open the sealed \/resources\/key\/a: .*HEADGATE_MASTER_KEY/,
    );
  });

  it("takes a key of 32 bytes and keeps its own copy", () => {
    expect(() => createSealer(randomBytes(16))).toThrow(RangeError);
    const mine = Uint8Array.from(key);
    const other = createSealer(mine);
    mine.fill(0);
    expect(Buffer.from(sealer.open(other.seal(Buffer.from("x"), "c"), "c")).toString()).toBe("x");
  });
});
