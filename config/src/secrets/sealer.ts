import { type KeyInRing, keyRing } from "./key-in-ring.ts";
import { decrypt, encrypt, readEnvelope, writeEnvelope } from "./sealed-envelope.ts";
import { UnsealError } from "./unseal-error.ts";

/** Keeps secrets at rest: what is sealed can be read, and moved, only with the key. */
export interface Sealer {
  /**
   * Under the current key. `context` says what the bytes are (a store key, say); they open only
   * under the same one.
   */
  seal(bytes: Uint8Array, context: string): Uint8Array;

  /**
   * Under whichever key of the ring it was sealed with.
   *
   * @throws {UnsealError} for another key, another context, or bytes that were changed.
   */
  open(bytes: Uint8Array, context: string): Uint8Array;

  /**
   * Whether the bytes say that they are sealed under the current key. That they open is not
   * checked.
   */
  isCurrent(bytes: Uint8Array): boolean;
}

/**
 * AES-256-GCM under a random nonce (NIST SP 800-38D, section 8.2.2), with the context as
 * associated data. Good for 2^32 seals under one key, by section 8.3 there: 13 years at ten a
 * second. A new key starts the count anew.
 *
 * @param current - Seals.
 * @param previous - These only open: what was sealed before a rotation, or by a replica that has
 * rotated already. At most 7.
 *
 * @throws RangeError unless every key has 32 bytes, or if there are too many.
 */
export function createSealer(current: Uint8Array, previous: readonly Uint8Array[] = []): Sealer {
  const ring = keyRing(current, previous);
  return {
    seal: (bytes, context) => writeEnvelope(ring[0].id, encrypt(ring[0].secret, bytes, context)),
    open: (bytes, context) => open(ring, bytes, context),
    isCurrent: (bytes) => readEnvelope(bytes)?.keyId?.equals(ring[0].id) === true,
  };
}

function open(ring: readonly KeyInRing[], sealed: Uint8Array, context: string): Uint8Array {
  const envelope = readEnvelope(sealed);
  if (!envelope) throw new UnsealError(context, "it is too short, or of a format unknown here");
  const { keyId, box } = envelope;
  const candidates = keyId ? ring.filter(({ id }) => id.equals(keyId)) : ring;
  for (const { secret } of candidates) {
    const bytes = decrypt(secret, box, context);
    if (bytes) return bytes;
  }
  throw new UnsealError(context, reason(keyId, candidates.length));
}

function reason(keyId: Buffer | undefined, candidates: number): string {
  return keyId && candidates === 0
    ? `it was sealed with the key ${keyId.toString("hex")}, which is not here`
    : "the key or the context is another, or the bytes were changed";
}
