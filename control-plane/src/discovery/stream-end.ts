import { Code, ConnectError } from "@connectrpc/connect";

/**
 * In the trailer of a stream that ends on purpose: come back after so many milliseconds, to the next
 * endpoint, and do not take it for a failure.
 */
export const retryAfterHeader = "x-headgate-retry-after-ms";

/** The replica stops: nodes move to another one at once. */
export function stopping(): ConnectError {
  return comeBack("the control plane is stopping", { code: Code.Unavailable, afterMs: 0 });
}

/** Streams are moved from time to time, so that a replica that has joined gets its share. */
export function aged(): ConnectError {
  const message = "the stream has reached its age limit; connect again, to the next endpoint";
  return comeBack(message, { code: Code.Unavailable, afterMs: 0 });
}

/** Too many come at once. */
export function tooFast(afterMs: number): ConnectError {
  const message = `too many nodes connect at once; come back in ${afterMs} ms`;
  return comeBack(message, { code: Code.ResourceExhausted, afterMs });
}

export function storeReplaced(): ConnectError {
  return new ConnectError("the store was replaced or restored; connect again", Code.Unavailable);
}

function comeBack(message: string, { code, afterMs }: { code: Code; afterMs: number }) {
  return new ConnectError(message, code, { [retryAfterHeader]: String(afterMs) });
}
