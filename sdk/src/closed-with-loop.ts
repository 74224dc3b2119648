import { Code, ConnectError } from "@connectrpc/connect";
import { UnavailableError } from "./admin-error.ts";
import { Watchdog } from "./timing.ts";

export interface StreamLife {
  /** Closes it. */
  readonly signal: AbortSignal;
  /** The longest the server may say nothing. Default: for ever. */
  readonly silenceMaxMs?: number;
}

/**
 * The answers of one stream. It is closed when the loop over it is left, which connect's own are not;
 * and, as nobody may tell us that the other end is gone (a machine without power, a forgetful NAT),
 * when it is silent for too long.
 *
 * @throws UnavailableError when the server is silent for too long.
 */
export async function* closedWithLoop<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { signal, silenceMaxMs }: StreamLife,
): AsyncGenerator<T, void, undefined> {
  const closing = new AbortController();
  let silent = false;
  const watchdog = new Watchdog(silenceMaxMs, () => {
    silent = true;
    closing.abort();
  });
  try {
    for await (const answer of open(AbortSignal.any([signal, closing.signal]))) {
      // However long the caller takes is not the server's silence.
      watchdog.stop();
      yield answer;
      watchdog.feed();
    }
  } catch (error) {
    if (!silent) throw error;
    throw new UnavailableError(new ConnectError("the server fell silent", Code.Unavailable));
  } finally {
    watchdog.stop();
    closing.abort();
  }
}
