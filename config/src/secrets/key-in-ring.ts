import { createHash, createSecretKey, type KeyObject } from "node:crypto";

export const sealerKeyBytes = 32;

/** The current key and those before it; more than anyone rotates before sealing anew. */
export const keyRingMaxKeys = 8;

const keyIdBytes = 4;

export interface KeyInRing {
  /** As an object: made ready for each use anew, raw bytes cost several times the sealing itself. */
  readonly secret: KeyObject;
  /** Tells which key sealed something. Not secret: the key has 256 random bits. */
  readonly id: Buffer;
}

/**
 * Copies of the keys, the current one first. One that is listed twice counts once.
 *
 * @throws RangeError for keys of another length, too many of them, or two that share an id (one
 * pair in 2^32, and then a new key is the remedy).
 */
export function keyRing(
  current: Uint8Array,
  previous: readonly Uint8Array[],
): readonly [KeyInRing, ...KeyInRing[]] {
  const first = keyInRing(current);
  const others: KeyInRing[] = [];
  for (const key of previous.map(keyInRing)) {
    const twin = [first, ...others].find(({ id }) => id.equals(key.id));
    if (!twin) others.push(key);
    else if (!twin.secret.equals(key.secret)) {
      throw new RangeError(`two keys have the id ${key.id.toString("hex")}: make a new one`);
    }
  }
  if (others.length < keyRingMaxKeys) return [first, ...others];
  throw new RangeError(`a key ring has at most ${keyRingMaxKeys} keys, got ${others.length + 1}`);
}

/** The first bytes of the key's SHA-256, in hex: what messages call a key. */
export function sealerKeyId(key: Uint8Array): string {
  return keyInRing(key).id.toString("hex");
}

function keyInRing(key: Uint8Array): KeyInRing {
  if (key.length !== sealerKeyBytes) {
    throw new RangeError(`a sealing key has ${sealerKeyBytes} bytes, got ${key.length}`);
  }
  const id = createHash("sha256").update(key).digest().subarray(0, keyIdBytes);
  return { secret: createSecretKey(key), id };
}
