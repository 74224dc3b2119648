import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Pool } from "undici";
import { withoutHopByHop } from "./hop-by-hop.ts";

/**
 * The same pass-through as bare.ts with undici's `stream`, which needs no body object and no abort
 * controller of ours: about the fewest objects per call that these two libraries allow.
 *
 * Usage: node lean.ts PORT UPSTREAM_ORIGIN
 */
const [port, upstreamOrigin] = process.argv.slice(2);
if (port === undefined || upstreamOrigin === undefined) {
  throw new Error("usage: node lean.ts PORT UPSTREAM_ORIGIN");
}

const upstream = new Pool(upstreamOrigin, { connections: null });
const server = createServer(relay);
server.keepAliveTimeout = 75_000;
server.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));

async function relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await upstream.stream(
      {
        path: request.url ?? "/",
        method: request.method ?? "GET",
        headers: withoutHopByHop(request.headers),
        body: request,
      },
      (answer) => response.writeHead(answer.statusCode, withoutHopByHop(answer.headers)),
    );
  } catch {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  }
}
