import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CliError } from "./cli-error.ts";

/**
 * Make a directory for our eyes only (0700), with those above it. Not mkdir's own `recursive`:
 * that one never ends where a file system refuses with ENOENT, as /proc does.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await makeWithParents(resolve(path));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new CliError(`cannot make the directory ${path}: ${detail}`, { cause: error });
  }
}

async function makeWithParents(path: string): Promise<void> {
  if (await isDirectory(path)) return;
  await makeWithParents(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch(async (error: unknown) => {
    // Another process may have made it meanwhile.
    if (!(await isDirectory(path))) throw error;
  });
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? path === dirname(path);
}
