import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../yaml/interpolate.ts";
import {
  KeyFileError,
  keyFromBase64,
  keyFromBytes,
  loadOrCreateKeyFile,
  orKeyFileError,
} from "./key-file.ts";
import { keyRingMaxKeys, sealerKeyBytes } from "./key-in-ring.ts";
import { SecretError, type SecretReference, type SecretSource } from "./sources/secret-source.ts";

export interface LoadKeyRingOptions {
  /** Holds `master.key`, made at first use, and others beside it. */
  readonly directory: string;
  readonly env: Environment;
  /** For HEADGATE_MASTER_KEY_FILE and HEADGATE_MASTER_KEY_COMMAND. */
  readonly sources: SecretSource;
}

const currentName = "master.key";

/** Keys that only open: those before the current one, and one that is to become current. */
const otherNames = /^master\.key\.(?:old|next)[\w.-]*$/;

/** For createSealer(). */
export interface KeyRing {
  readonly current: Uint8Array;
  readonly previous: readonly Uint8Array[];
}

/**
 * The master keys. The first that is given counts:
 *
 * - HEADGATE_MASTER_KEY: the key in base64, and after commas keys that only open;
 * - HEADGATE_MASTER_KEY_FILE, or HEADGATE_MASTER_KEY_COMMAND: where the same text is;
 * - `master.key` in the directory, made at first start, and keys that only open beside it:
 *   `master.key.old*` and `master.key.next*`.
 *
 * @throws {KeyFileError} for a key that cannot be had, two sources of it, or too many keys.
 */
export async function loadKeyRing(options: LoadKeyRingOptions): Promise<KeyRing> {
  const [current, ...previous] = (await keysFromEnvironment(options)) ?? [
    await loadOrCreateKeyFile(join(options.directory, currentName)),
    ...(await otherKeys(options.directory)),
  ];
  if (current && previous.length < keyRingMaxKeys) return { current, previous };
  throw new KeyFileError(
    `there are ${previous.length + 1} master keys, at most ${keyRingMaxKeys}: ` +
      "remove those that seal nothing any more (headgate secrets status)",
  );
}

async function otherKeys(directory: string): Promise<readonly Uint8Array[]> {
  const names = await orKeyFileError(directory, () => readdir(directory));
  const others = names.filter((name) => otherNames.test(name)).toSorted();
  return await Promise.all(
    others.map(async (name) => {
      const path = join(directory, name);
      return keyFromBytes(await orKeyFileError(path, () => readFile(path)), path);
    }),
  );
}

type Variable = `HEADGATE_MASTER_KEY${"" | "_FILE" | "_COMMAND"}`;

const variables: readonly Variable[] = [
  "HEADGATE_MASTER_KEY",
  "HEADGATE_MASTER_KEY_FILE",
  "HEADGATE_MASTER_KEY_COMMAND",
];

async function keysFromEnvironment(
  options: LoadKeyRingOptions,
): Promise<readonly Uint8Array[] | undefined> {
  const given = variables.filter((name) => (options.env[name] ?? "") !== "");
  const [variable, another] = given;
  if (variable === undefined) return undefined;
  if (another !== undefined) {
    throw new KeyFileError(`give either ${variable} or ${another}, not both`);
  }
  return keysFromList(await listFrom(variable, options), variable);
}

async function listFrom(variable: Variable, { env, sources }: LoadKeyRingOptions): Promise<string> {
  const value = env[variable] ?? "";
  if (variable === "HEADGATE_MASTER_KEY") return value;
  const none = { env: "", file: "", command: [] };
  const reference: SecretReference =
    variable === "HEADGATE_MASTER_KEY_FILE"
      ? { ...none, file: value }
      : { ...none, command: wordsOf(value) };
  try {
    return await sources.read(reference, { directory: ".", signal: new AbortController().signal });
  } catch (error) {
    const reason = error instanceof SecretError ? error.message : "cannot be read";
    throw new KeyFileError(`no master key by ${variable}: ${reason}`, { cause: error });
  }
}

/** No shell, so no quotes: for arguments with spaces, a JSON array. */
function wordsOf(command: string): string[] {
  const trimmed = command.trim();
  if (!trimmed.startsWith("[")) return trimmed.split(/\s+/);
  try {
    const words: unknown = JSON.parse(trimmed);
    if (Array.isArray(words) && words.length > 0 && words.every((one) => typeof one === "string")) {
      return words;
    }
  } catch {
    // Said below, in our words.
  }
  throw new KeyFileError(
    'HEADGATE_MASTER_KEY_COMMAND is no JSON array of texts, such as ["vault", "kv", "get"]',
  );
}

/** Separated by commas or line breaks, as files have them. */
function keysFromList(text: string, variable: Variable): readonly Uint8Array[] {
  const items = text.split(/[\s,]+/).filter((item) => item !== "");
  const keys = items.map(keyFromBase64);
  const good = keys.filter((key) => key !== undefined);
  if (good.length === items.length && good.length > 0) return good;
  const which = items.length < 2 ? "" : ` (key ${keys.indexOf(undefined) + 1} of ${items.length})`;
  throw new KeyFileError(
    `${variable} must be ${sealerKeyBytes} bytes in base64${which}: ` +
      "make a key with `openssl rand -base64 32`, and put those it replaces after it, with commas",
  );
}
