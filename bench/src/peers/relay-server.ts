import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Pool } from "undici";

type Relay = (
  upstream: Pool,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<unknown>;

/**
 * A pass-through as a program, `node FILE PORT UPSTREAM_ORIGIN`: pooled connections without bound,
 * 502 or a cut for a relay that failed. How calls are relayed is what the programs differ in.
 */
export function serveRelay(relay: Relay): void {
  const [port, upstreamOrigin] = process.argv.slice(2);
  if (port === undefined || upstreamOrigin === undefined) {
    throw new Error("usage: node FILE PORT UPSTREAM_ORIGIN");
  }
  const upstream = new Pool(upstreamOrigin, { connections: null });
  const server = createServer(async (request, response) => {
    try {
      await relay(upstream, request, response);
    } catch {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    }
  });
  server.keepAliveTimeout = 75_000;
  server.listen(Number(port), "127.0.0.1");
  process.on("SIGTERM", () => process.exit(0));
}
