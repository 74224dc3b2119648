import { once } from "node:events";
import { connect } from "node:net";
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
  signal: AbortSignal,
): Promise<void> {
  const socket = connect({ host, port });
  try {
    const [first]: unknown[] = await Promise.race([
      once(socket, "data", { signal }),
      once(socket, "end", { signal }).then(() => {
        throw new Error("the connection was closed before a greeting");
      }),
    ]);
    if (!(first instanceof Uint8Array && Buffer.from(first).toString().startsWith("INFO "))) {
      throw new Error("what listens there is not a NATS server");
    }
  } finally {
    socket.on("error", () => {});
    socket.destroy();
  }
}
