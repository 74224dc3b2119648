import { Code, type HandlerContext } from "@connectrpc/connect";
import type { Auditor } from "../audit/auditor.ts";
import { connectErrorFrom, HiddenError, unavailable } from "./admin-errors.ts";
import { type Caller, callerOf } from "./caller.ts";

export interface AdminCallsOptions {
  readonly auditor: Pick<Auditor, "denied">;
  /** Aborts when the control plane stops. */
  readonly signal: AbortSignal;
}

type Handler<I, O> = (input: I, context: HandlerContext) => O;

/** What all calls of AdminService have in common: who calls, and what becomes of failures. */
export interface AdminCalls {
  call<I, O>(handle: (input: I, caller: Caller) => Promise<O>): Handler<I, Promise<O>>;
  stream<I, O>(
    handle: (input: I, caller: Caller, until: AbortSignal) => AsyncIterable<O>,
  ): Handler<I, AsyncIterable<O>>;
}

export function createAdminCalls({ auditor, signal }: AdminCallsOptions): AdminCalls {
  /** What to throw. A refusal for who asked is recorded, also one that does not say so. */
  function failure({ source }: Caller, reason: unknown): unknown {
    const error = connectErrorFrom(reason);
    if (reason instanceof HiddenError) auditor.denied(source, reason.message);
    else if (error?.code === Code.PermissionDenied) auditor.denied(source, error.rawMessage);
    return error ?? reason;
  }

  return {
    call: (handle) => async (input, context) => {
      const caller = callerOf(context);
      try {
        return await handle(input, caller);
      } catch (reason) {
        throw failure(caller, reason);
      }
    },
    stream: (handle) =>
      async function* (input, context) {
        const caller = callerOf(context);
        try {
          yield* handle(input, caller, AbortSignal.any([signal, context.signal]));
        } catch (reason) {
          throw failure(caller, reason);
        }
        if (signal.aborted) throw unavailable("this replica stops: watch again, from another");
      },
  };
}
