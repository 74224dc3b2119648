import { randomBytes } from "node:crypto";
import { readOrCreateFile } from "./read-or-create-file.ts";
import { sealerKeyBytes } from "./sealer.ts";

export interface KeyFileOptions {
  /** Made at first use, readable by its owner only (0600). Holds 32 random bytes. */
  readonly path: string;
  /** The key in base64 (HEADGATE_MASTER_KEY). When given, the file is neither read nor made. */
  readonly base64?: string | undefined;
}

/** A master key that cannot be had. The message says what to do. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
}

/**
 * The master key, 32 bytes: from the environment, else from its file, else new.
 *
 * Processes that start together agree on one key.
 *
 * @throws {KeyFileError} if the key has the wrong length, or the file cannot be read or made.
 */
export async function loadOrCreateKeyFile(options: KeyFileOptions): Promise<Uint8Array> {
  if (options.base64 !== undefined && options.base64 !== "") return keyFromBase64(options.base64);
  try {
    const key = await readOrCreateFile(options.path, () => randomBytes(sealerKeyBytes));
    if (key.length === sealerKeyBytes) return key;
    throw new KeyFileError(
      `${options.path} has ${key.length} bytes, a master key has ${sealerKeyBytes}: restore it from a ` +
        "backup (without the right key, what was sealed with it cannot be read)",
    );
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(`cannot use the master key file ${options.path}: ${error}`, {
      cause: error,
    });
  }
}

function keyFromBase64(text: string): Uint8Array {
  const trimmed = text.trim();
  const key = Buffer.from(trimmed, "base64");
  const exact = /^[A-Za-z0-9+/_-]+={0,2}$/.test(trimmed);
  if (exact && key.length === sealerKeyBytes) return key;
  throw new KeyFileError(
    `HEADGATE_MASTER_KEY must be ${sealerKeyBytes} bytes in base64 ` +
      "(make one with `openssl rand -base64 32`)",
  );
}
