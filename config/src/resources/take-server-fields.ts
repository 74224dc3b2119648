import type { PlacedValue } from "../yaml/placed.ts";
import type { ProblemList } from "../yaml/problem-list.ts";
import { resourceKindNames, resourceKinds } from "./resource-kinds.ts";

/**
 * Remove what the control plane writes and `headgate get -o yaml` shows, so that its output can be
 * applied again. A revocation is not lost silently: `revoke_time` is refused.
 */
export function takeServerFields(root: PlacedValue, problems: ProblemList): void {
  if (root.kind !== "map") return;
  for (const kind of resourceKindNames) {
    const { field } = resourceKinds[kind];
    const value = root.entries.get(field)?.value;
    const items = value?.kind === "list" ? value.items : value ? [value] : [];
    for (const [index, item] of items.entries()) {
      if (item.kind !== "map") continue;
      item.entries.delete("metadata");
      const revocation = item.entries.get("revoke_time");
      if (kind !== "key" || !revocation) continue;
      const message = "is set by `headgate keys revoke` only, remove it";
      problems.add(revocation.keyAt, `${field}[${index}].revoke_time`, message);
      item.entries.delete("revoke_time");
    }
  }
}
