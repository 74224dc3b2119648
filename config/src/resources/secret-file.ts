import { dirname, isAbsolute, join } from "node:path";
import { secretMaxLength } from "../secrets/sources/secret-source.ts";
import type { LoadResourceSetOptions } from "./load-resource-set.ts";

export type SecretFileResult =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly message: string };

/** The content of an `api_key_file` or `service_account_file`, less the line break that editors leave at its end. */
export function readSecretFile(
  path: string,
  { file, readFile }: Pick<LoadResourceSetOptions, "file" | "readFile">,
): SecretFileResult {
  const resolved = isAbsolute(path) || file === undefined ? path : join(dirname(file), path);
  try {
    const secret = readFile(resolved).trim();
    if (secret === "") return { ok: false, message: `${resolved} is empty` };
    if (secret.length <= secretMaxLength) return { ok: true, secret };
    const message = `${resolved} is too long for a secret: at most ${secretMaxLength} characters`;
    return { ok: false, message };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, message: `cannot read ${resolved}: ${reason}` };
  }
}
