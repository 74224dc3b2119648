import { create } from "@bufbuild/protobuf";
import { admin } from "@headgate/proto";
import type { ResourceChange } from "../resources/resource-transaction.ts";
import { changedFields } from "./changed-fields.ts";
import { resourceMessage } from "./resource-message.ts";

/**
 * What becomes of one resource, as answers and audit entries tell it: never with a secret.
 * `unchanged` is for what a write left as it was.
 */
export function changeMessage(
  { kind, name, before, after }: ResourceChange,
  options: { readonly withResources: boolean; readonly unchanged?: boolean },
): admin.Change {
  const action = options.unchanged ? admin.ChangeAction.UNCHANGED : actionOf(before, after);
  const updated = action === admin.ChangeAction.UPDATED && before && after;
  const message = create(admin.ChangeSchema, { kind, name, action });
  if (updated) message.changedFields.push(...changedFields(kind, before.resource, after));
  if (!options.withResources || options.unchanged) return message;
  if (before) message.before = resourceMessage(kind, before.resource);
  if (after) message.after = resourceMessage(kind, after);
  return message;
}

function actionOf(
  before: ResourceChange["before"],
  after: ResourceChange["after"],
): admin.ChangeAction {
  if (!after) return admin.ChangeAction.DELETED;
  return before ? admin.ChangeAction.UPDATED : admin.ChangeAction.CREATED;
}
