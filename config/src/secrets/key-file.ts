import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { dirname } from "node:path";
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
 * Processes that start together agree on one key: the file appears whole, and the first wins.
 *
 * @throws {KeyFileError} if the key has the wrong length, or the file cannot be read or made.
 */
export async function loadOrCreateKeyFile(options: KeyFileOptions): Promise<Uint8Array> {
  if (options.base64 !== undefined && options.base64 !== "") return keyFromBase64(options.base64);
  try {
    const key = (await readIfThere(options.path)) ?? (await createKeyFile(options.path));
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

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Written aside and linked into place, which fails if another process was first. */
async function createKeyFile(path: string): Promise<Uint8Array> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const key = randomBytes(sealerKeyBytes);
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  await writeDurably(aside, key);
  try {
    await link(aside, path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return await readFile(path);
    throw error;
  } finally {
    await unlink(aside);
  }
  await syncDirectory(dirname(path));
  return key;
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
