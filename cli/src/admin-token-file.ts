import { randomBytes } from "node:crypto";
import { readOrCreateFile } from "@headgate/config";
import { CliError } from "./cli-error.ts";

/** Shorter tokens can be guessed, so they are refused rather than used. */
const tokenMinCharacters = 16;

/**
 * The admin token kept in a file that only its owner reads (0600), made at first start. Processes
 * that start together agree on one.
 */
export async function loadOrCreateAdminToken(path: string): Promise<string> {
  try {
    const token = Buffer.from(await readOrCreateFile(path, newToken))
      .toString("utf8")
      .trim();
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

function newToken(): Uint8Array {
  return Buffer.from(`${randomBytes(32).toString("hex")}\n`);
}
