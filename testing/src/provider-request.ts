import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { systemClock } from "@headgate/core";

/** One request as the fake provider received it. Times are on the monotonic clock. */
export interface ProviderRequest {
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Empty until the body has arrived; `FakeProvider.waitFor` counts arrived ones only. */
  readonly body: Buffer;
  /** The body as JSON. @throws SyntaxError when it is not. */
  json(): Record<string, unknown>;
  readonly arrivedAtMs: number;
  /** When the caller went away before the answer was complete. */
  readonly closedAtMs: number | undefined;
  /** Aborts when the caller goes away before the answer is complete. */
  readonly gone: AbortSignal;
}

/** Collects one request; resolves when its body is here or its caller is gone. */
export async function receiveRequest(
  request: IncomingMessage,
  response: ServerResponse,
  onClosed: () => void,
): Promise<ProviderRequest> {
  const gone = new AbortController();
  let closedAtMs: number | undefined;
  let body = Buffer.alloc(0);
  response.once("close", () => {
    if (response.writableFinished) return;
    closedAtMs = systemClock.now();
    gone.abort();
    onClosed();
  });
  const arrivedAtMs = systemClock.now();
  body = await readBody(request, gone.signal);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body,
    json: () => JSON.parse(body.toString("utf8")),
    arrivedAtMs,
    get closedAtMs() {
      return closedAtMs;
    },
    gone: gone.signal,
  };
}

async function readBody(request: IncomingMessage, gone: AbortSignal): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  await once(request, "end", { signal: gone }).catch(() => {});
  return Buffer.concat(pieces);
}
