import { Code, ConnectError } from "@connectrpc/connect";
import { formatProblem, type Problem, type ReferenceProblem } from "@headgate/config";
import { TooLargeError } from "../resources/too-large-error.ts";
import { CompactedError } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";

/** The errors of AdminService, as admin.proto lists them. Messages say what would be right. */

export function invalidArgument(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}

/** All problems in one error, one per line. */
export function invalidResource(problems: readonly Problem[]): ConnectError {
  return invalidArgument(problems.map(formatProblem).join("\n"));
}

export function notFound(kind: string, name: string): ConnectError {
  return new ConnectError(`${kind} ${name} does not exist`, Code.NotFound);
}

/**
 * It exists, but not for who asks: they are told the same as of what does not. Not a ConnectError:
 * `instanceof` of its subclasses holds for every ConnectError.
 */
export class HiddenError extends Error {
  override readonly name = "HiddenError";
  readonly told: ConnectError;

  constructor(kind: string, name: string) {
    super(`${kind} ${name} is not theirs`);
    this.told = notFound(kind, name);
  }
}

export function unavailable(message: string): ConnectError {
  return new ConnectError(message, Code.Unavailable);
}

export function resourceExhausted(message: string): ConnectError {
  return new ConnectError(message, Code.ResourceExhausted);
}

export function alreadyExists(message: string): ConnectError {
  return new ConnectError(message, Code.AlreadyExists);
}

/** Somebody wrote in between. */
export function aborted(message: string): ConnectError {
  return new ConnectError(`${message}: get it, merge, and try again`, Code.Aborted);
}

export function failedPrecondition(message: string): ConnectError {
  return new ConnectError(message, Code.FailedPrecondition);
}

export function permissionDenied(message: string): ConnectError {
  return new ConnectError(message, Code.PermissionDenied);
}

export function outOfRange(message: string): ConnectError {
  return new ConnectError(message, Code.OutOfRange);
}

/** What a caller is told of a failure that is not a ConnectError. Undefined: that it is ours. */
export function connectErrorFrom(error: unknown): ConnectError | undefined {
  if (error instanceof ConnectError) return error;
  if (error instanceof HiddenError) return error.told;
  if (error instanceof TooLargeError) return invalidArgument(error.message);
  if (error instanceof CompactedError) return outOfRange(error.message);
  if (!(error instanceof StoreError)) return undefined;
  switch (error.code) {
    case "full":
      return new ConnectError(error.message, Code.ResourceExhausted, undefined, undefined, error);
    case "unavailable": // Its message says whether a write may have been made.
    case "locked":
    case "closed":
      return new ConnectError(error.message, Code.Unavailable, undefined, undefined, error);
    default:
      return undefined;
  }
}

/** `managedBy` as in metadata, for example `file headgate.yaml`. */
export function managedElsewhere(kind: string, name: string, managedBy: string): ConnectError {
  return failedPrecondition(`${kind} ${name} is managed by ${managedBy}: change it there`);
}

/** One line each: `model demo deployments[0].provider: there is no provider "opnai" ...`. */
export function danglingReferences(problems: readonly ReferenceProblem[]): ConnectError {
  return failedPrecondition(problems.map(describeReference).join("\n"));
}

export function describeReference({ kind, name, ...problem }: ReferenceProblem): string {
  return `${kind} ${name} ${formatProblem(problem)}`;
}

const codeOfRefusal = {
  invalid: Code.InvalidArgument,
  dangling: Code.FailedPrecondition,
  managed: Code.FailedPrecondition,
  stale: Code.Aborted,
  contended: Code.Aborted,
  several: Code.FailedPrecondition,
} as const;

export function applyFailure(refusal: {
  readonly reason: keyof typeof codeOfRefusal;
  readonly message: string;
}): ConnectError {
  return new ConnectError(refusal.message, codeOfRefusal[refusal.reason]);
}
