/** The typed client of Headgate's admin API, for Node and browsers. */

/** What the calls take and answer, for enums and types by name. */
export { admin, resources } from "@headgate/proto";
export {
  type AdminClient,
  type AdminClientOptions,
  adminClientOver,
  createAdminClient,
} from "./admin-client.ts";
export {
  AdminError,
  AlreadyExistsError,
  ConflictError,
  DeadlineExceededError,
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  OutOfRangeError,
  PermissionDeniedError,
  ResourceExhaustedError,
  systemErrorCode,
  UnauthenticatedError,
  UnavailableError,
  UnimplementedError,
  UnknownError,
} from "./admin-error.ts";
export { type AuditQuery, auditEntries } from "./audit-entries.ts";
export type { TokenSource } from "./bearer-token.ts";
export { exportAll } from "./export-all.ts";
export { type ListAllOptions, type ListedKind, type ListedResources, listAll } from "./list-all.ts";
export type { Timing } from "./timing.ts";
export { type WatchAuditOptions, watchAudit } from "./watch-audit.ts";
export { type WatchOptions, watchResources } from "./watch-resources.ts";
