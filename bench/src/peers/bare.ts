import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { Pool } from "undici";
import { withoutHopByHop } from "./hop-by-hop.ts";

/**
 * The program that is the yardstick: all that a Node process needs to relay calls, written as
 * plainly as one would. It pools connections, streams both bodies with backpressure, copies status
 * and headers and passes aborts on. No keys, no routing, no metrics, no logs, no retries.
 *
 * Usage: node bare.ts PORT UPSTREAM_ORIGIN
 */
const [port, upstreamOrigin] = process.argv.slice(2);
if (port === undefined || upstreamOrigin === undefined) {
  throw new Error("usage: node bare.ts PORT UPSTREAM_ORIGIN");
}

const upstream = new Pool(upstreamOrigin, { connections: null });
const server = createServer(relay);
server.keepAliveTimeout = 75_000;
server.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));

async function relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const aborter = new AbortController();
  response.once("close", () => aborter.abort());
  try {
    const answer = await upstream.request({
      path: request.url ?? "/",
      method: request.method ?? "GET",
      headers: withoutHopByHop(request.headers),
      body: request,
      signal: aborter.signal,
    });
    response.writeHead(answer.statusCode, withoutHopByHop(answer.headers));
    await pipeline(answer.body, response);
  } catch {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  }
}
