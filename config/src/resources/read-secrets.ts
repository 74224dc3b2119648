import { dirname } from "node:path";
import {
  type SecretContext,
  SecretError,
  type SecretReference,
  type SecretSource,
} from "../secrets/sources/secret-source.ts";
import type { SecretAnswer } from "./resource-draft.ts";
import type { PendingSecret } from "./secret-references.ts";

export interface ReadSecretsOptions {
  /** The YAML file: relative paths start beside it. */
  readonly file?: string | undefined;
  readonly sources: SecretSource;
  readonly signal?: AbortSignal | undefined;
}

/** Commands and requests at a time. */
const readingsMaxCount = 8;

/**
 * What became of each pending secret. What several references name alike is read once. Never
 * rejects.
 */
export async function readSecrets(
  pending: readonly PendingSecret[],
  { file, sources, signal = new AbortController().signal }: ReadSecretsOptions,
): Promise<ReadonlyMap<PendingSecret, SecretAnswer>> {
  const context = { directory: file === undefined ? "." : dirname(file), signal };
  const groups = Map.groupBy(pending, ({ reference }) => nameOf(reference)).values();
  const answers = new Map<PendingSecret, SecretAnswer>();
  // The groups are one iterator, of which each worker takes the next.
  await Promise.all(Array.from({ length: readingsMaxCount }, work));
  return answers;

  async function work(): Promise<void> {
    for (const group of groups) {
      const [first] = group;
      if (!first) continue;
      const answer = await ask(sources, first.reference, context);
      for (const one of group) answers.set(one, answer);
    }
  }
}

async function ask(
  sources: SecretSource,
  reference: SecretReference,
  context: SecretContext,
): Promise<SecretAnswer> {
  if (context.signal.aborted) return { ok: false, message: "was not read: stopped before" };
  try {
    return { ok: true, secret: await sources.read(reference, context) };
  } catch (error) {
    // Other errors may say more than anyone may see.
    const message = error instanceof SecretError ? error.message : "cannot be read";
    return { ok: false, message };
  }
}

/** Alike for references that name the same. */
function nameOf({ env, file, command, http }: SecretReference): string {
  const request = http && [http.url, http.field, Object.entries(http.headers).toSorted()];
  return JSON.stringify([env, file, command, request]);
}
