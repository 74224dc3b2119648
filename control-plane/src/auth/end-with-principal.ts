import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import { type Principal, principalKey } from "./principal.ts";

/** Timers of the system hold no more than 24.8 days. */
const sleepMaxMs = 24 * 60 * 60_000;

/**
 * Ends streams when who opened them may no longer call: the token was deleted, or has expired. They
 * would otherwise watch on for as long as the connection lasts.
 */
export function endStreamsWithPrincipal(clock: Clock): Interceptor {
  return (next) => async (request) => {
    const response = await next(request);
    const principal = request.contextValues.get(principalKey);
    if (!response.stream || !principal) return response;
    return { ...response, message: whilePermitted(response.message, principal, clock) };
  };
}

async function* whilePermitted<T>(
  messages: AsyncIterable<T>,
  principal: Principal,
  clock: Clock,
): AsyncGenerator<T> {
  const source = messages[Symbol.asyncIterator]();
  const done = new AbortController();
  // Not Promise.race() with one promise for the whole stream: it would keep every message.
  let end: (error: ConnectError) => void = () => undefined;
  let error: ConnectError | undefined;
  void endOf(principal, clock, done.signal).then((reason) => {
    error = reason;
    end(reason);
  });
  try {
    for (;;) {
      const next = Promise.withResolvers<IteratorResult<T>>();
      end = next.reject;
      source.next().then(next.resolve, next.reject);
      const { done, value } = await next.promise;
      if (error) throw error;
      if (done) return;
      yield value;
    }
  } finally {
    done.abort();
    // Not awaited: it may be waiting for the next change, and hears of the end by the call's signal.
    source.return?.().catch(() => undefined);
  }
}

/** Resolves when the caller may no longer call, with what to tell them; at the end of `signal` too. */
async function endOf(
  { expireTimeMs, withdrawn }: Principal,
  clock: Clock,
  signal: AbortSignal,
): Promise<ConnectError> {
  const over = withdrawn ? AbortSignal.any([signal, withdrawn]) : signal;
  const leftMs = () => (expireTimeMs ?? Number.POSITIVE_INFINITY) - clock.wallTimeMs();
  while (!over.aborted && leftMs() > 0) await clock.sleep(Math.min(leftMs(), sleepMaxMs), over);
  const message = withdrawn?.aborted ? "the token was deleted" : "the token has expired";
  return new ConnectError(message, Code.Unauthenticated);
}
