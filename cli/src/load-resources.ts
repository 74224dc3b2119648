import { readFileSync } from "node:fs";
import {
  type CheckedResourceSet,
  checkResourceSet,
  type LoadResourceSetResult,
  type LoadWithSecretsOptions,
  loadWithSecrets,
} from "@headgate/config";
import type { Environment } from "./io.ts";
import type { FileText } from "./read-file-argument.ts";
import { secretSources } from "./secret-sources.ts";

export interface LoadResourcesOptions {
  readonly env: Environment;
  /** Where the providers and teams that a resource names must be. Default: in the file. */
  readonly references?: "file" | "server";
  /** Ends the reading of secrets. */
  readonly signal?: AbortSignal;
}

/**
 * Resources from a YAML text, and the secrets that it keeps elsewhere: in files, or where commands
 * and URLs get them.
 */
export function loadResources(
  input: FileText,
  options: LoadResourcesOptions,
): Promise<LoadResourceSetResult> {
  return loadWithSecrets(optionsFor(input, options));
}

/** Their problems. No command is run and no URL fetched. */
export function checkResources(
  input: FileText,
  options: LoadResourcesOptions,
): Promise<CheckedResourceSet> {
  return checkResourceSet(optionsFor(input, options));
}

function optionsFor(input: FileText, options: LoadResourcesOptions): LoadWithSecretsOptions {
  return {
    ...input,
    ...options,
    readFile: (path) => readFileSync(path, "utf8"),
    sources: secretSources(options.env),
  };
}
