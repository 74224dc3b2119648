import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Clock } from "@headgate/core";
import type { ServerAddress } from "./server-address.ts";

export interface GreetingOptions {
  readonly withinMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Connects, waits until a NATS server greets, and hangs up.
 *
 * For nats.js leaves the socket of an attempt that timed out open: each attempt to reach a server
 * that is stopped but not gone would leave one more behind. So it dials only who greets.
 *
 * @throws when nobody greets, or `signal` aborts.
 */
export async function awaitGreeting(
  { host, port }: ServerAddress,
  { withinMs, clock, signal }: GreetingOptions,
): Promise<void> {
  const over = new AbortController();
  const isLate = clock.sleep(withinMs, over.signal).then(() => {
    if (!over.signal.aborted) throw new Error(`no greeting within ${withinMs} ms`);
  });
  const socket = connect({ host, port });
  try {
    const greeting = firstOf(socket, AbortSignal.any([signal, over.signal]));
    const [first] = (await Promise.race([greeting, isLate])) ?? [];
    if (!(first instanceof Uint8Array && Buffer.from(first).toString().startsWith("INFO "))) {
      throw new Error("what listens there is not a NATS server");
    }
  } finally {
    socket.on("error", () => {});
    socket.destroy();
    over.abort();
    isLate.catch(() => {});
  }
}

async function firstOf(socket: Socket, signal: AbortSignal): Promise<unknown[]> {
  const data = once(socket, "data", { signal });
  const ended = once(socket, "end", { signal }).then(() => {
    throw new Error("the connection was closed before a greeting");
  });
  // Whichever comes second is nobody's.
  for (const one of [data, ended]) one.catch(() => {});
  return await Promise.race([data, ended]);
}
