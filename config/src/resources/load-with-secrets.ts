import type { Problem } from "../problem.ts";
import type { SecretSource } from "../secrets/sources/secret-source.ts";
import { kindOfReference } from "../secrets/sources/secret-sources.ts";
import type { LoadResourceSetOptions, LoadResourceSetResult } from "./load-resource-set.ts";
import { readSecrets } from "./read-secrets.ts";
import { draftResourceSet, type SecretAnswer } from "./resource-draft.ts";
import type { PendingSecret } from "./secret-references.ts";

export interface LoadWithSecretsOptions extends LoadResourceSetOptions {
  readonly sources: SecretSource;
  /** Ends the reading; what was not read by then is a problem. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * loadResourceSet() for a file of the user who runs us: the secrets that it keeps elsewhere are
 * read from there, which may run commands and fetch URLs. What is wrong with them is told with
 * the rest. Never rejects.
 */
export async function loadWithSecrets(
  options: LoadWithSecretsOptions,
): Promise<LoadResourceSetResult> {
  const draft = draftResourceSet(options);
  const answers = await readSecrets(draft.pending, options);
  const missing: SecretAnswer = { ok: false, message: "was not read" };
  return draft.complete((pending) => answers.get(pending) ?? missing);
}

export interface CheckedResourceSet {
  readonly problems: readonly Problem[];
  readonly notices: readonly string[];
  /** Of which secrets only the reference was checked. */
  readonly unread: readonly PendingSecret[];
}

/** The problems of a file, if any: as loadWithSecrets(), but no command is run, no URL fetched. */
export async function checkResourceSet(
  options: LoadWithSecretsOptions,
): Promise<CheckedResourceSet> {
  const { pending, complete } = draftResourceSet(options);
  const isUnread = ({ reference }: PendingSecret) =>
    ["command", "http"].includes(kindOfReference(reference));
  const answers = await readSecrets(
    pending.filter((one) => !isUnread(one)),
    options,
  );
  const result = complete((one) => answers.get(one) ?? unread(one));
  return {
    problems: result.ok ? [] : result.problems,
    notices: result.ok ? result.notices : [],
    unread: pending.filter(isUnread),
  };
}

/** Good enough to check the rest; such a set is never handed out. */
function unread({ placeholder }: PendingSecret): SecretAnswer {
  return { ok: true, secret: placeholder };
}
