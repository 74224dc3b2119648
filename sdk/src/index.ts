/** The typed client of Headgate's admin API, for Node and browsers. */
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
  systemErrorCode,
  UnauthenticatedError,
  UnavailableError,
} from "./admin-error.ts";
export { type AuditQuery, auditEntries } from "./audit-entries.ts";
export { exportAll } from "./export-all.ts";
export { type ListAllOptions, type ListedKind, type ListedResources, listAll } from "./list-all.ts";
export { watchAudit } from "./watch-audit.ts";
export { type WatchOptions, watchResources } from "./watch-resources.ts";
