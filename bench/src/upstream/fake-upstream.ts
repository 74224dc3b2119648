import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  chatAnswer,
  claudeChunk,
  claudeEnd,
  claudeStart,
  streamChunk,
  streamEnd,
  usageChunk,
} from "./answers.ts";
import { paceOf } from "./models.ts";

/**
 * The program that stands for a provider: plain and streamed chat, and streams as Anthropic sends
 * them. It does as little
 * as it can, since it shares the machine with what is measured. `max_tokens` of the request is the
 * number of chunks in the stream; the model's name sets their pace.
 *
 * Tells its port to the parent process and ends with it.
 */
const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    const body = Buffer.concat(pieces).toString("latin1");
    answer(body, response, request.url === "/v1/messages");
  });
  request.on("error", () => response.destroy());
});
// Far beyond any pause in a run: no connection may close while someone is about to use it.
server.keepAliveTimeout = 600_000;
server.requestTimeout = 0;
server.on("clientError", (_error: Error, socket: IncomingMessage["socket"]) => socket.destroy());
server.listen(0, "127.0.0.1", 4_096, () => {
  // Of a server that listens on TCP, address() is an AddressInfo.
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on("disconnect", () => process.exit(0));

function answer(body: string, response: ServerResponse, asClaude: boolean): void {
  // Searching is enough for bodies that we wrote ourselves, and spares parsing 400 KB.
  if (!/"stream":\s*true/.test(body)) {
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": chatAnswer.length,
    });
    response.end(chatAnswer);
    return;
  }
  response.socket?.setNoDelay(true);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const chunks = Number(/"max_tokens":\s*(\d+)/.exec(body)?.[1] ?? 1);
  const withUsage = /"include_usage":\s*true/.test(body);
  const pace = paceOf(/"model":\s*"([^"]*)"/.exec(body)?.[1] ?? "");
  const pieces = asClaude
    ? { start: claudeStart, chunk: claudeChunk, end: claudeEnd }
    : {
        chunk: streamChunk,
        end: withUsage ? Buffer.concat([usageChunk, streamEnd]) : streamEnd,
      };
  stream(response, { chunks, pauseMs: pace.pauseMs, ...pieces });
}

interface StreamOptions {
  readonly chunks: number;
  /** Before the first chunk. */
  readonly start?: Buffer;
  readonly chunk: Buffer;
  readonly end: Buffer;
  /** Time between two chunks; 0 sends one per turn of the event loop. */
  readonly pauseMs: number;
}

function stream(response: ServerResponse, options: StreamOptions): void {
  const { chunks, pauseMs, start, chunk, end } = options;
  let left = chunks;
  let timer: NodeJS.Timeout | undefined;
  response.on("close", () => clearInterval(timer));
  if (pauseMs > 0) timer = setInterval(sendChunk, pauseMs);
  if (start) response.write(start);
  sendChunk();

  function sendChunk(): void {
    if (response.destroyed) return;
    response.write(chunk);
    left -= 1;
    if (left === 0) finish();
    else if (pauseMs === 0) sendNext();
  }

  function sendNext(): void {
    if (response.writableNeedDrain) response.once("drain", sendChunk);
    else setImmediate(sendChunk);
  }

  function finish(): void {
    clearInterval(timer);
    response.end(end);
  }
}
