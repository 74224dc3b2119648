import type { IncomingMessage } from "node:http";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";

/** Beyond that the connection is cut, rather than read on for. */
const discardMaxBytes = 64 * 1024 * 1024;

/**
 * A call over HTTP/1.1 of whose body the rest is read on when it was answered already. Who begins to
 * read a body and leaves would otherwise leave the connection stuck: the next call on it would wait
 * behind the rest, until the connection is cut for idling. For how long it is read is bounded by the
 * server's requestTimeout.
 */
export function withDiscardedRest(
  call: UniversalServerRequest,
  request: IncomingMessage,
  response: { once(event: "finish", listener: () => void): unknown },
): UniversalServerRequest {
  response.once("finish", () => discardBody(request));
  return { ...call, body: request.iterator({ destroyOnReturn: false }) };
}

function discardBody(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  request.on("error", () => undefined);
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > discardMaxBytes) request.destroy();
  });
  request.resume();
}
