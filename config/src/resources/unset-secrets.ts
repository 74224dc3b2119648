import type { resources } from "@headgate/proto";
import type { Path } from "../problem.ts";
import { type PlacedValue, valueAt } from "../yaml/placed.ts";

/** The fields that make up the secret of a credential, as in the proto file. */
const secretFields = {
  api_key: "apiKey",
  access_key_id: "accessKeyId",
  secret_access_key: "secretAccessKey",
} as const;

/** What a provider lacks because a `${NAME:-}` came out empty, which says "if there is one". */
export interface UnsetSecrets {
  /** For each credential the variables it would need; none if it has a secret, or never named one. */
  readonly credentials: readonly (readonly string[])[];
  /** Of the provider as a whole, which has no credential left; none if it stays. */
  readonly provider: readonly string[];
}

/** @param path - Of the provider in `root`. */
export function unsetSecrets(
  provider: resources.Provider,
  path: Path,
  root: PlacedValue,
): UnsetSecrets {
  const account = unsetVariable(root, [...path, "service_account_file"]);
  const credentials = provider.credentials.map((credential, index) => {
    if (hasSecret(credential)) return [];
    const own = Object.entries(secretFields)
      .filter(([, field]) => credential[field] === "")
      .flatMap(([name]) => unsetVariable(root, [...path, "credentials", index, name]));
    return own.length > 0 ? own : account;
  });
  const stays = credentials.some((unset) => unset.length === 0);
  const all = credentials.length === 0 ? account : credentials.flat();
  return { credentials, provider: stays ? [] : [...new Set(all)] };
}

/** Something to authenticate with: a key, or both halves of an access key. */
export function hasSecret(credential: resources.Credential): boolean {
  const { apiKey, accessKeyId, secretAccessKey } = credential;
  return apiKey !== "" || (accessKeyId !== "" && secretAccessKey !== "");
}

/** One or none. */
export function unsetVariable(root: PlacedValue, path: Path): readonly string[] {
  const value = valueAt(root, path);
  const variable = value?.kind === "scalar" ? value.emptyVariable : undefined;
  return variable === undefined ? [] : [variable];
}
