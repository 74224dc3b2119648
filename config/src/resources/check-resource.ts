import type { z } from "zod";
import { formatPath, type Path, type Problem } from "../problem.ts";
import { keyCheck } from "./checks/check-key.ts";
import { modelCheck } from "./checks/check-model.ts";
import { policyCheck } from "./checks/check-policy.ts";
import { providerCheck } from "./checks/check-provider.ts";
import { teamCheck } from "./checks/check-team.ts";
import type { ResourceKind, ResourceMessages } from "./resource-kinds.ts";

/** Something wrong within one resource. */
export interface Issue {
  /** In the names of the proto file, from the resource on. */
  readonly path: Path;
  readonly message: string;
}

const checks: { readonly [K in ResourceKind]: z.ZodType } = {
  provider: providerCheck,
  model: modelCheck,
  team: teamCheck,
  key: keyCheck,
  policy: policyCheck,
};

/**
 * What can be said of a resource by itself: names, ranges, what excludes what, what is not
 * honoured yet. All problems at once; none is the good case. For the rest see checkReferences().
 *
 * The one place of it, whichever way a resource came: file, admin API or snapshot.
 */
export function checkResource<K extends ResourceKind>(
  kind: K,
  message: ResourceMessages[K],
): readonly Problem[] {
  return issuesOf(kind, message).map((issue) => ({
    path: formatPath(issue.path),
    message: issue.message,
  }));
}

/** The same with unformatted paths, to find their places in a text. */
export function issuesOf<K extends ResourceKind>(
  kind: K,
  message: ResourceMessages[K],
): readonly Issue[] {
  const result = checks[kind].safeParse(message);
  if (result.success) return [];
  return result.error.issues.map((issue) => ({
    path: issue.path.map((part) => (typeof part === "number" ? part : protoName(String(part)))),
    message: issue.message,
  }));
}

/** `baseUrl` as `base_url`. */
function protoName(localName: string): string {
  return localName.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
