import { Code, ConnectError } from "@connectrpc/connect";
import { formatProblem, type Problem, type ReferenceProblem } from "@headgate/config";

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
} as const;

export function applyFailure(refusal: {
  readonly reason: keyof typeof codeOfRefusal;
  readonly message: string;
}): ConnectError {
  return new ConnectError(refusal.message, codeOfRefusal[refusal.reason]);
}
