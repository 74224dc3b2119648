import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";

/**
 * What is sealed, as bytes. Version 2 says which key sealed it; version 1, written before there
 * was more than one, does not, so every key is tried.
 *
 *   | version 2 | key id 4 | nonce 12 | ciphertext | tag 16 |
 *   | version 1 |            nonce 12 | ciphertext | tag 16 |
 *
 * Version and key id are not authenticated: changed, they lead to another key or another nonce,
 * and the tag fails.
 */
export interface Envelope {
  /** Absent in version 1. */
  readonly keyId: Buffer | undefined;
  /** Nonce, ciphertext, tag. */
  readonly box: Buffer;
}

const nonceBytes = 12;
const tagBytes = 16;
const keyIdBytes = 4;

/** In the version now written. */
export function writeEnvelope(keyId: Buffer, box: Buffer): Uint8Array {
  return Buffer.concat([Uint8Array.of(2), keyId, box]);
}

/** Undefined for what is no envelope. */
export function readEnvelope(sealed: Uint8Array): Envelope | undefined {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const headBytes = bytes[0] === 1 ? 1 : bytes[0] === 2 ? 1 + keyIdBytes : undefined;
  if (headBytes === undefined || bytes.length < headBytes + nonceBytes + tagBytes) return undefined;
  const keyId = headBytes > 1 ? bytes.subarray(1, headBytes) : undefined;
  return { keyId, box: bytes.subarray(headBytes) };
}

/** Nonce, ciphertext and tag, with the context as associated data. */
export function encrypt(key: KeyObject, bytes: Uint8Array, context: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined if the key or the context is another, or the bytes were changed. */
export function decrypt(key: KeyObject, box: Buffer, context: string): Uint8Array | undefined {
  const nonce = box.subarray(0, nonceBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(context))
    .setAuthTag(box.subarray(-tagBytes));
  try {
    const bytes = decipher.update(box.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([bytes, decipher.final()]);
  } catch {
    return undefined;
  }
}
