import type { resources } from "@headgate/proto";

/**
 * A place where secrets are kept. Asked by whoever loads a YAML file, on behalf of the user who
 * wrote it; never by a server on behalf of a caller.
 */
export interface SecretSource {
  /**
   * @returns The secret, less white space around it. Never empty, at most `secretMaxLength` long.
   * @throws {SecretError} saying why there is none.
   */
  read(reference: SecretReference, context: SecretContext): Promise<string>;
}

/** What the YAML says of where a secret is: see SecretSource in resources.proto. */
export type SecretReference = Pick<resources.SecretSource, "env" | "file" | "command"> & {
  readonly http?: HttpReference | undefined;
};

export type HttpReference = Pick<resources.HttpSecret, "url" | "headers" | "field">;

export interface SecretContext {
  /** Where relative paths start, and commands run. */
  readonly directory: string;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** A service account's JSON has about 2,400 characters, the longest keys and tokens less. */
export const secretMaxLength = 8_192;

/** No secret from its source. The message says why, and shows nothing of any secret. */
export class SecretError extends Error {
  override readonly name = "SecretError";
}

/** What every source does with what it has read. `origin` begins the message. */
export function checkedSecret(text: string, origin: string): string {
  const secret = text.trim();
  if (secret === "") throw new SecretError(`${origin} gave nothing`);
  if (secret.length <= secretMaxLength) return secret;
  throw new SecretError(
    `${origin} gave too much for a secret: at most ${secretMaxLength} characters`,
  );
}

/** Bytes as text. Nothing of them is shown. */
export function decodedSecret(bytes: Uint8Array, origin: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SecretError(`${origin} gave bytes that are not text`);
  }
}
