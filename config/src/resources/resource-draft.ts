import { resources } from "@headgate/proto";
import { formatPath } from "../problem.ts";
import { readYaml } from "../yaml/read-yaml.ts";
import { checkPlacedSet, type PlacedSet, report } from "./check-placed-set.ts";
import { leaveOutUnset } from "./leave-out-unset.ts";
import type { LoadResourceSetOptions, LoadResourceSetResult } from "./load-resource-set.ts";
import { messageFromPlaced } from "./message-from-placed.ts";
import { type PendingSecret, takeSecretReferences } from "./secret-references.ts";
import { takeServerFields } from "./take-server-fields.ts";

/** A set of which some secrets are still to be read, and which is checked only then. */
export interface ResourceDraft {
  readonly pending: readonly PendingSecret[];
  /** Once, with what became of each pending secret. */
  readonly complete: (answerTo: (pending: PendingSecret) => SecretAnswer) => LoadResourceSetResult;
}

export type SecretAnswer =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly message: string };

/** The shape of a text, by the proto descriptors. Never throws: problems wait for the rest. */
export function draftResourceSet(options: LoadResourceSetOptions): ResourceDraft {
  const { root, problems } = readYaml({
    ...options,
    expects: "at least one of providers, models, teams, keys, policy",
  });
  if (!root) {
    return { pending: [], complete: () => ({ ok: false, problems: problems.list() }) };
  }
  takeServerFields(root, problems);
  const set = messageFromPlaced(resources.ResourceSetSchema, root, "", problems);
  if (set.policy?.name === "") set.policy.name = "default";
  const placed: PlacedSet = { set, root, problems, options };
  const pending = takeSecretReferences(set, {
    isBroken: (path) => problems.touches(formatPath(path)),
    report: (path, message) => report(placed, path, message),
  });
  return {
    pending,
    complete: (answerTo) => {
      for (const one of pending) {
        const answer = answerTo(one);
        if (answer.ok) one.put(answer.secret);
        else report(placed, one.path, answer.message);
      }
      return checked(placed);
    },
  };
}

function checked(placed: PlacedSet): LoadResourceSetResult {
  const { set, root, problems } = placed;
  checkPlacedSet(placed);
  if (!problems.isEmpty) return { ok: false, problems: problems.list() };
  const { notices, leftOut } = leaveOutUnset(set, root);
  for (const { path, message } of leftOut) problems.add(undefined, path, message);
  if (!problems.isEmpty) return { ok: false, problems: problems.list() };
  return { ok: true, resources: set, notices };
}
