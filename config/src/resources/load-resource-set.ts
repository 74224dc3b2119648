import { resources } from "@headgate/proto";
import type { Problem } from "../problem.ts";
import type { Environment } from "../yaml/interpolate.ts";
import { readYaml } from "../yaml/read-yaml.ts";
import { checkPlacedSet } from "./check-placed-set.ts";
import { leaveOutUnset } from "./leave-out-unset.ts";
import { messageFromPlaced } from "./message-from-placed.ts";
import { takeServerFields } from "./take-server-fields.ts";

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
 */
export function loadResourceSet(options: LoadResourceSetOptions): LoadResourceSetResult {
  const { root, problems } = readYaml({
    ...options,
    expects: "at least one of providers, models, teams, keys, policy",
  });
  if (!root) return { ok: false, problems: problems.list() };
  takeServerFields(root, problems);
  const set = messageFromPlaced(resources.ResourceSetSchema, root, "", problems);
  if (set.policy?.name === "") set.policy.name = "default";
  checkPlacedSet({ set, root, problems, options });
  if (!problems.isEmpty) return { ok: false, problems: problems.list() };
  const { notices, leftOut } = leaveOutUnset(set, root);
  for (const { path, message } of leftOut) problems.add(undefined, path, message);
  if (!problems.isEmpty) return { ok: false, problems: problems.list() };
  return { ok: true, resources: set, notices };
}
