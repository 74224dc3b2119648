import { randomBytes } from "node:crypto";
import { sealerKeyBytes } from "./key-in-ring.ts";
import { readOrCreateFile } from "./read-or-create-file.ts";

/** A master key that cannot be had. The message says what to do. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
}

/**
 * The master key in a file, 32 bytes as they are or in base64. Made at first use, readable by its
 * owner only (0600). Processes that start together agree on one key.
 *
 * @throws {KeyFileError} if the key has the wrong length, or the file cannot be read or made.
 */
export async function loadOrCreateKeyFile(path: string): Promise<Uint8Array> {
  return keyFromBytes(
    await orKeyFileError(path, () => readOrCreateFile(path, () => randomBytes(sealerKeyBytes))),
    path,
  );
}

/** @throws {KeyFileError} for bytes that are no key. */
export function keyFromBytes(bytes: Uint8Array, path: string): Uint8Array {
  if (bytes.length === sealerKeyBytes) return bytes;
  const key = keyFromBase64(Buffer.from(bytes).toString("latin1"));
  if (key) return key;
  throw new KeyFileError(
    `${path} has ${bytes.length} bytes, a master key has ${sealerKeyBytes} (or is their base64): ` +
      "restore it from a backup (without the right key, what was sealed with it cannot be read)",
  );
}

/** Undefined for what is not 32 bytes in base64. */
export function keyFromBase64(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  const key = Buffer.from(trimmed, "base64");
  const exact = /^[A-Za-z0-9+/_-]+={0,2}$/.test(trimmed);
  return exact && key.length === sealerKeyBytes ? key : undefined;
}

/** What the file system says of a key file, in words that say which. */
export async function orKeyFileError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new KeyFileError(`cannot use the master key file ${path}: ${error}`, { cause: error });
  }
}
