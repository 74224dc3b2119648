import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CliError } from "./cli-error.ts";

/** Shorter tokens can be guessed, so they are refused rather than used. */
const tokenMinCharacters = 16;

/**
 * The admin token kept in a file that only its owner reads (0600), made at first start. Processes
 * that start together agree on one: the file appears whole, and the first wins.
 */
export async function loadOrCreateAdminToken(path: string): Promise<string> {
  try {
    const token = (await readIfThere(path)) ?? (await createToken(path));
    if (token.length >= tokenMinCharacters) return token;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new CliError(`cannot use the admin token file ${path}: ${detail}`, { cause: error });
  }
  throw new CliError(
    `${path} holds no admin token of at least ${tokenMinCharacters} characters: delete it and a new one is made`,
  );
}

/** A token from the environment, if it is good enough. */
export function checkedAdminToken(token: string): string {
  if (token.trim().length >= tokenMinCharacters) return token.trim();
  throw new CliError(
    `HEADGATE_ADMIN_TOKEN must have at least ${tokenMinCharacters} characters (openssl rand -hex 32)`,
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Written aside and linked into place, which fails if another process was first. */
async function createToken(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const token = randomBytes(32).toString("hex");
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  await writeFile(aside, `${token}\n`, { mode: 0o600, flag: "wx" });
  try {
    await link(aside, path);
    return token;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return (await readFile(path, "utf8")).trim();
    throw error;
  } finally {
    await unlink(aside);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
