import type { IncomingHttpHeaders } from "node:http";

/** They concern one connection and are not passed on (RFC 9110, 7.6.1); undici sets its own host. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "host",
]);

export function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept: IncomingHttpHeaders = {};
  for (const name in headers) {
    if (!hopByHop.has(name)) kept[name] = headers[name];
  }
  return kept;
}
