import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Keeps secrets at rest: what is sealed can be read, and moved, only with the key. */
export interface Sealer {
  /** `context` says what the bytes are (a store key, say); they open only under the same one. */
  seal(bytes: Uint8Array, context: string): Uint8Array;

  /** @throws {UnsealError} for another key, another context, or bytes that were changed. */
  open(bytes: Uint8Array, context: string): Uint8Array;
}

/** Sealed bytes that do not open. Says nothing of what they hold. */
export class UnsealError extends Error {
  override readonly name = "UnsealError";
  readonly context: string;

  constructor(context: string, reason: string) {
    super(
      `cannot open the sealed ${context}: ${reason}. ` +
        "Is this the master key it was sealed with (HEADGATE_MASTER_KEY, or master.key)?",
    );
    this.context = context;
  }
}

export const sealerKeyBytes = 32;

const formatVersion = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes;

/**
 * AES-256-GCM under a random nonce (NIST SP 800-38D, section 8.2.2), with the context as
 * associated data. Good for 2^32 seals under one key, by section 8.3 there.
 *
 *   | version 1 | nonce 12 | ciphertext | tag 16 |
 *
 * @throws RangeError unless the key has 32 bytes.
 */
export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== sealerKeyBytes) {
    throw new RangeError(`a sealing key has ${sealerKeyBytes} bytes, got ${key.length}`);
  }
  const secret = Uint8Array.from(key);
  return {
    seal: (bytes, context) => seal(secret, bytes, context),
    open: (bytes, context) => open(secret, bytes, context),
  };
}

function seal(key: Uint8Array, bytes: Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([
    Uint8Array.of(formatVersion),
    nonce,
    cipher.update(bytes),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

function open(key: Uint8Array, sealed: Uint8Array, context: string): Uint8Array {
  if (sealed.length < headBytes + tagBytes) throw new UnsealError(context, "it is too short");
  if (sealed[0] !== formatVersion) {
    throw new UnsealError(context, `it has format ${sealed[0]}, not ${formatVersion}`);
  }
  const nonce = sealed.subarray(1, headBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(-tagBytes));
  try {
    const bytes = decipher.update(sealed.subarray(headBytes, -tagBytes));
    return Buffer.concat([bytes, decipher.final()]);
  } catch {
    throw new UnsealError(context, "the key or the context is another, or the bytes were changed");
  }
}
