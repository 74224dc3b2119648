import { readFileSync } from "node:fs";
import { type LoadResourceSetResult, loadResourceSet } from "@headgate/config";
import type { Environment } from "./io.ts";
import type { FileText } from "./read-file-argument.ts";

export interface LoadResourcesOptions {
  readonly env: Environment;
  /** Where the providers and teams that a resource names must be. Default: in the file. */
  readonly references?: "file" | "server";
}

/** Resources from a YAML text, and the key files that it names from disk. */
export function loadResources(
  input: FileText,
  options: LoadResourcesOptions,
): LoadResourceSetResult {
  return loadResourceSet({
    ...input,
    ...options,
    readFile: (path) => readFileSync(path, "utf8"),
  });
}
