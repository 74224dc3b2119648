import { withoutHopByHop } from "./hop-by-hop.ts";
import { serveRelay } from "./relay-server.ts";

/**
 * The same pass-through as bare.ts with undici's `stream`, which needs no body object and no abort
 * controller of ours: about the fewest objects per call that these two libraries allow.
 */
serveRelay((upstream, request, response) =>
  upstream.stream(
    {
      path: request.url ?? "/",
      method: request.method ?? "GET",
      headers: withoutHopByHop(request.headers),
      body: request,
    },
    (answer) => response.writeHead(answer.statusCode, withoutHopByHop(answer.headers)),
  ),
);
