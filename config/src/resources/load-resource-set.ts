import type { resources } from "@headgate/proto";
import type { Problem } from "../problem.ts";
import type { Environment } from "../yaml/interpolate.ts";
import { draftResourceSet } from "./resource-draft.ts";

export interface LoadResourceSetOptions {
  readonly text: string;
  /** As the user wrote it: leads every problem, and relative paths in it start beside it. */
  readonly file?: string | undefined;
  /** For `${VAR}`. */
  readonly env: Environment;
  /** For `api_key_file` and `service_account_file`. Throws if it cannot. */
  readonly readFile: (path: string) => string;
  /**
   * Where the named providers and teams must be. "file" (the default): in the set itself.
   * "server": perhaps only where the set is sent, so it is not checked here.
   */
  readonly references?: "file" | "server" | undefined;
}

export type LoadResourceSetResult =
  | {
      readonly ok: true;
      readonly resources: resources.ResourceSet;
      /** What was left out because its secret is not set, for the log. */
      readonly notices: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Resources from YAML: the shape by the proto descriptors, the meaning by checkResource() and
 * checkReferences(). All problems together, each with its place. Never throws.
 *
 * Secrets that are kept elsewhere (`api_key_from` and the like) take time to read, so they are
 * problems here: see loadWithSecrets().
 */
export function loadResourceSet(options: LoadResourceSetOptions): LoadResourceSetResult {
  const message = "secret sources are not read here: give the secret itself";
  return draftResourceSet(options).complete(() => ({ ok: false, message }));
}
