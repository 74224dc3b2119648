import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * What a secret file holds; made at first use, for its owner only (0600; its folder 0700).
 *
 * Processes that start together agree on one content: the file appears whole, and the first wins.
 *
 * @throws what the file system reports.
 */
export async function readOrCreateFile(path: string, make: () => Uint8Array): Promise<Uint8Array> {
  return (await readIfThere(path)) ?? (await createFile(path, make()));
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
async function createFile(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  await writeDurably(aside, bytes);
  try {
    await link(aside, path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return await readFile(path);
    throw error;
  } finally {
    await unlink(aside);
  }
  await syncDirectory(dirname(path));
  return bytes;
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
