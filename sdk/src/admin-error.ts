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
  for (let error = reason, depth = 0; error instanceof Error && depth < causesMax; depth++) {
    if ("code" in error && typeof error.code === "string") return error.code;
    error = error.cause;
  }
  return undefined;
}

/** What fetch() rejects with when there is no response at all, as it is or as connect wraps it. */
function fetchFailure(reason: unknown): TypeError | undefined {
  const inner = reason instanceof ConnectError ? reason.cause : reason;
  return inner instanceof TypeError ? inner : undefined;
}

function fetchFailureText(reason: TypeError): string {
  return `no answer: ${systemErrorCode(reason) ?? innermost(reason).message}`;
}

/** fetch() says "fetch failed", and why in the cause. */
function innermost(error: Error, depth = 0): Error {
  return error.cause instanceof Error && depth < causesMax
    ? innermost(error.cause, depth + 1)
    : error;
}
