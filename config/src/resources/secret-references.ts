import type { resources } from "@headgate/proto";
import type { Path } from "../problem.ts";
import type { SecretReference } from "../secrets/sources/secret-source.ts";
import { secretReferenceProblem } from "./secret-reference-problem.ts";

/** A secret of the set that is yet to be read. */
export interface PendingSecret {
  /** Of the reference, such as `providers[0].credentials[0].api_key_from`. */
  readonly path: Path;
  readonly reference: SecretReference;
  /** What passes the checks in place of the secret, for who does not want to read it. */
  readonly placeholder: string;
  /** Into the set. */
  readonly put: (secret: string) => void;
}

/** More than that belong in the admin API. */
const pendingMaxCount = 1_000;

export interface TakeSecretReferencesOptions {
  /** Whether a part of it is missing for a reason that is known: no such reference is read. */
  readonly isBroken: (path: Path) => boolean;
  readonly report: (path: Path, message: string) => void;
}

/** Take the references out of `set`: the good ones are returned, what is wrong with others is reported. */
export function takeSecretReferences(
  set: resources.ResourceSet,
  { isBroken, report }: TakeSecretReferencesOptions,
): readonly PendingSecret[] {
  const found = [
    ...set.providers.flatMap((provider, index) => ofProvider(provider, ["providers", index])),
    ...set.keys.flatMap((key, index) => ofKey(key, ["keys", index])),
  ];
  const good = found.filter(({ path, reference, rival }) => {
    if (isBroken(path)) return false;
    const problem = rival ?? secretReferenceProblem(reference);
    if (problem !== undefined) report(path, problem);
    return problem === undefined;
  });
  const beyond = good[pendingMaxCount];
  if (beyond) report(beyond.path, `is one secret source too many: at most ${pendingMaxCount}`);
  return good.slice(0, pendingMaxCount);
}

interface Found extends PendingSecret {
  /** The problem with another field that says the same. */
  readonly rival: string | undefined;
}

function ofProvider({ credentials }: resources.Provider, path: Path): readonly Found[] {
  return credentials.flatMap((credential, position) =>
    ofCredential(credential, [...path, "credentials", position]),
  );
}

function ofCredential(credential: resources.Credential, path: Path): readonly Found[] {
  const { apiKeyFrom, secretAccessKeyFrom, sessionTokenFrom } = credential;
  delete credential.apiKeyFrom;
  delete credential.secretAccessKeyFrom;
  delete credential.sessionTokenFrom;
  const fileToo = credential.apiKeyFile === "" ? undefined : either("api_key_file", "api_key_from");
  return [
    ...ofField(credential, "apiKey", apiKeyFrom, [...path, "api_key_from"], fileToo),
    ...ofField(credential, "secretAccessKey", secretAccessKeyFrom, [
      ...path,
      "secret_access_key_from",
    ]),
    ...ofField(credential, "sessionToken", sessionTokenFrom, [...path, "session_token_from"]),
  ];
}

function ofKey(key: resources.Key, path: Path): readonly Found[] {
  const { secretFrom, secretHash } = key;
  delete key.secretFrom;
  const hashToo = secretHash === "" ? undefined : either("secret_hash", "secret_from");
  return ofField(key, "secret", secretFrom, [...path, "secret_from"], hashToo);
}

/** One or none. */
function ofField<Name extends string>(
  holder: { [K in Name]: string },
  name: Name,
  reference: SecretReference | undefined,
  path: Path,
  otherRival?: string,
): readonly Found[] {
  if (!reference) return [];
  const field = String(path.at(-1));
  const ownRival = holder[name] === "" ? undefined : either(field.slice(0, -"_from".length), field);
  return [
    {
      path,
      reference,
      rival: ownRival ?? otherRival,
      placeholder: placeholderFor(path),
      put: (secret) => {
        // As its type says, which TypeScript cannot follow for a name that is a parameter.
        (holder as Record<string, string>)[name] = secret;
      },
    },
  ];
}

function either(one: string, other: string): string {
  return `give either ${one} or ${other}, not both`;
}

/** Long enough, fit for a header, different for each; and also the JSON of a Google credential. */
function placeholderFor(path: Path): string {
  return JSON.stringify({ type: "authorized_user", unread: path.join(".") });
}
