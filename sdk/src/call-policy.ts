import type { Interceptor, UnaryRequest } from "@connectrpc/connect";
import { adminErrorFrom, systemErrorCode, UnavailableError } from "./admin-error.ts";
import { backoffMs, type Timing } from "./timing.ts";

/**
 * Tries again after a pause what is safe to try again: reads and dry runs that nobody answered, writes
 * that provably did not arrive. Within the call's deadline.
 */
export function callPolicy({
  attemptsMax,
  timing,
}: {
  readonly attemptsMax: number;
  readonly timing: Timing;
}): Interceptor {
  return (next) => async (request) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await next(request);
      } catch (reason) {
        const isLast = request.stream || attempt + 1 >= attemptsMax;
        if (isLast || !mayRetry(request, reason)) throw reason;
        await timing.sleep(backoffMs(attempt, timing.random), request.signal);
      }
    }
  };
}

function mayRetry(request: UnaryRequest, reason: unknown): boolean {
  if (request.signal.aborted) return false;
  if (!(adminErrorFrom(reason) instanceof UnavailableError)) return false;
  return changesNothing(request) || notSent.has(systemErrorCode(reason) ?? "");
}

/** The connection was never there. */
const notSent: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"]);

const readPattern = /^(?:Get|List|WhoAmI)/;

function changesNothing({ method, message }: UnaryRequest): boolean {
  if (readPattern.test(method.name)) return true;
  return isSet(message, "validateOnly") || isSet(message, "dryRun");
}

function isSet(message: object, field: string): boolean {
  return Object.entries(message).some(([name, value]) => name === field && value === true);
}
