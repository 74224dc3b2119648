import { admin } from "@headgate/proto";

export type ChangeWord = "unchanged" | "created" | "updated" | "deleted" | "changed";

/** What applying a file did to a resource. */
export function changeWord(action: admin.ChangeAction): ChangeWord {
  switch (action) {
    case admin.ChangeAction.UNCHANGED:
      return "unchanged";
    case admin.ChangeAction.CREATED:
      return "created";
    case admin.ChangeAction.UPDATED:
      return "updated";
    case admin.ChangeAction.DELETED:
      return "deleted";
    default:
      // A newer server may know more.
      return "changed";
  }
}
