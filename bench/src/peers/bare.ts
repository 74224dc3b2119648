import { pipeline } from "node:stream/promises";
import { withoutHopByHop } from "./hop-by-hop.ts";
import { serveRelay } from "./relay-server.ts";

/**
 * The program that is the yardstick: all that a Node process needs to relay calls, written as
 * plainly as one would. It pools connections, streams both bodies with backpressure, copies status
 * and headers and passes aborts on. No keys, no routing, no metrics, no logs, no retries.
 */
serveRelay(async (upstream, request, response) => {
  const aborter = new AbortController();
  response.once("close", () => aborter.abort());
  const answer = await upstream.request({
    path: request.url ?? "/",
    method: request.method ?? "GET",
    headers: withoutHopByHop(request.headers),
    body: request,
    signal: aborter.signal,
  });
  response.writeHead(answer.statusCode, withoutHopByHop(answer.headers));
  await pipeline(answer.body, response);
});
