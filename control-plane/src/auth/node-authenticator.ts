import { createBearerCheck } from "../http/bearer-token.ts";
import { isLoopback } from "../http/loopback.ts";
import type { Peer } from "../http/peer.ts";
import { certificateProblem } from "../http/peer-certificate.ts";
import type { NodePrincipal } from "./principal.ts";
import { Refusal } from "./refusal.ts";

/**
 * Which node calls, by the headers and the connection alone.
 *
 * @throws {Refusal} that says what is needed.
 */
export type NodeAuthenticator = (headers: Headers, peer: Peer) => Promise<NodePrincipal>;

/**
 * The simplest: whoever has the join token of the settings, or, without one, this machine. A bad
 * certificate is refused all the same: whoever shows one expects it to be looked at.
 */
export function createStaticNodeAuthenticator({
  joinToken,
  wallTimeMs,
}: {
  readonly joinToken: string | undefined;
  readonly wallTimeMs: () => number;
}): NodeAuthenticator {
  const hasJoinToken = joinToken === undefined ? undefined : createBearerCheck(joinToken);
  return async (headers, { address, certificate }) => {
    const problem = certificate && certificateProblem(certificate, wallTimeMs());
    if (certificate && problem !== undefined) {
      throw new Refusal(`the client certificate of ${certificate.subject} is refused: ${problem}`);
    }
    if (hasJoinToken?.(headers.get("authorization"))) return anyNode("join token");
    if (hasJoinToken) throw new Refusal("discovery needs `Authorization: Bearer <join token>`");
    if (isLoopback(address)) return anyNode("loopback");
    throw new Refusal(
      "discovery is open to this machine only, since no join token is configured " +
        "(node_auth: {join_token: ...} in control-plane.yaml)",
    );
  };
}

function anyNode(by: string): NodePrincipal {
  return { node: undefined, region: undefined, by };
}
