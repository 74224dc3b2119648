import { Code, ConnectError } from "@connectrpc/connect";

/**
 * What a failed call rejects with. The classes below say which of the errors of
 * `headgate/admin/v1/admin.proto` it is; `code` is the same as a number.
 */
export class AdminError extends ConnectError {
  constructor(error: ConnectError) {
    super(error.rawMessage, error.code, error.metadata, undefined, error.cause ?? error);
    this.details = error.details;
  }
}

// ConnectError's own goes by the name, and so would take any of these for any other.
Object.defineProperty(AdminError, Symbol.hasInstance, {
  value: Function.prototype[Symbol.hasInstance],
});

/** What was sent is wrong. */
export class InvalidArgumentError extends AdminError {
  /** One for each problem found, as `deployments[0].weight: must be at least 1`. */
  get problems(): readonly string[] {
    return this.rawMessage.split("\n");
  }
}

export class NotFoundError extends AdminError {}

export class AlreadyExistsError extends AdminError {}

/** Somebody wrote in between: get, merge, try again. */
export class ConflictError extends AdminError {}

/** Managed by a file, still referred to, or referring to what does not exist. */
export class FailedPreconditionError extends AdminError {}

/** The token is missing, unknown or expired. */
export class UnauthenticatedError extends AdminError {}

/** The token's role may not do this. */
export class PermissionDeniedError extends AdminError {}

/** A watch starts too long ago. */
export class OutOfRangeError extends AdminError {}

/** The store, or the replica, has no room. */
export class ResourceExhaustedError extends AdminError {}

/** The server does not know the call: it is older than this package, or it is no Headgate. */
export class UnimplementedError extends AdminError {}

/** An answer that is none of the admin API's: something else listens there, or stands in between. */
export class UnknownError extends AdminError {}

/** No answer, or the control plane has no store. A write that ends so may or may not have been made. */
export class UnavailableError extends AdminError {}

/** No answer in time. A write that ends so may or may not have been made. */
export class DeadlineExceededError extends AdminError {}

const classes: ReadonlyMap<Code, new (error: ConnectError) => AdminError> = new Map([
  [Code.InvalidArgument, InvalidArgumentError],
  [Code.NotFound, NotFoundError],
  [Code.AlreadyExists, AlreadyExistsError],
  [Code.Aborted, ConflictError],
  [Code.FailedPrecondition, FailedPreconditionError],
  [Code.Unauthenticated, UnauthenticatedError],
  [Code.PermissionDenied, PermissionDeniedError],
  [Code.OutOfRange, OutOfRangeError],
  [Code.ResourceExhausted, ResourceExhaustedError],
  [Code.Unimplemented, UnimplementedError],
  [Code.Unknown, UnknownError],
  [Code.Unavailable, UnavailableError],
  [Code.DeadlineExceeded, DeadlineExceededError],
]);

/** Any failure of a call as one of these. A failure of fetch() itself means that nobody answered. */
export function adminErrorFrom(reason: unknown): AdminError {
  if (reason instanceof AdminError) return reason;
  const failure = fetchFailure(reason);
  const error = failure
    ? new ConnectError(fetchFailureText(failure), Code.Unavailable, undefined, undefined, failure)
    : ConnectError.from(reason);
  const Class = classes.get(error.code) ?? AdminError;
  return new Class(error);
}

const causesMax = 5;

/** ECONNREFUSED and the like, where the runtime tells. */
export function systemErrorCode(reason: unknown): string | undefined {
  for (let error = reason, depth = 0; isErrorLike(error) && depth < causesMax; depth++) {
    if (typeof error.code === "string") return error.code;
    error = error.cause;
  }
  return undefined;
}

/** What fetch() rejects with when there is no response at all, as it is or as connect wraps it. */
function fetchFailure(reason: unknown): ErrorLike | undefined {
  const isWrapped = reason instanceof ConnectError && reason.code === Code.Unknown;
  const inner = isWrapped ? reason.cause : reason;
  return isErrorLike(inner) && inner.name === "TypeError" ? inner : undefined;
}

function fetchFailureText(reason: ErrorLike): string {
  return `no answer: ${systemErrorCode(reason) ?? innermost(reason).message}`;
}

/** fetch() says "fetch failed", and why in the cause. */
function innermost(error: ErrorLike, depth = 0): ErrorLike {
  return isErrorLike(error.cause) && depth < causesMax ? innermost(error.cause, depth + 1) : error;
}

interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** Not by instanceof: where scripts run in a realm of their own, fetch() and its errors are of another. */
function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === "object" && value !== null && "name" in value && "message" in value;
}
