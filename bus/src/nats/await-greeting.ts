import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { ServerAddress } from "./server-address.ts";

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
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const late = AbortSignal.timeout(withinMs);
  const socket = connect({ host, port });
  try {
    const [first]: unknown[] = await firstOf(socket, AbortSignal.any([signal, late]));
    if (!(first instanceof Uint8Array && Buffer.from(first).toString().startsWith("INFO "))) {
      throw new Error("what listens there is not a NATS server");
    }
  } catch (error) {
    throw late.aborted ? new Error(`no greeting within ${withinMs} ms`) : error;
  } finally {
    socket.on("error", () => {});
    socket.destroy();
  }
}

async function firstOf(socket: Socket, signal: AbortSignal): Promise<unknown[]> {
  const ended = once(socket, "end", { signal }).then(() => {
    throw new Error("the connection was closed before a greeting");
  });
  return await Promise.race([once(socket, "data", { signal }), ended]);
}
