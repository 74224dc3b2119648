import type { Clock } from "@headgate/core";
import type { NodeAuthenticator } from "../auth/node-authenticator.ts";
import { Refusal } from "../auth/refusal.ts";
import { isLoopback } from "../http/loopback.ts";
import { certificateIdentity } from "./certificate-identity.ts";
import type { NodeTokens } from "./node-tokens.ts";
import type { RegisteredNodes } from "./registered-nodes.ts";

export interface NodeAuthenticatorOptions {
  readonly tokens: NodeTokens;
  readonly nodes: RegisteredNodes;
  readonly clock: Clock;
  /** Whether nodes on this machine need no proof: where neither certificates nor a join token are set up. */
  readonly trustsThisMachine: boolean;
}

/**
 * Who a node is: by its certificate, else by its node token, else (if so configured) by being on this
 * machine.
 *
 * @throws {Refusal} that says what is needed. A certificate that is not good is
 * refused even beside a good token: somebody meant it to count.
 */
export function createNodeAuthenticator(options: NodeAuthenticatorOptions): NodeAuthenticator {
  const { tokens, nodes, clock, trustsThisMachine } = options;
  return async (headers, peer) => {
    if (peer.certificate) {
      const identity = certificateIdentity(peer.certificate, clock.wallTimeMs());
      if (!identity.ok) throw new Refusal(identity.reason);
      return identity.principal;
    }
    const authorization = headers.get("authorization");
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (token !== undefined) {
      const principal = await tokens.verify(token);
      if (!principal?.node) throw new Refusal("this node token is not valid, or has expired");
      if (!(await nodes.find(principal.node))) {
        const actor = `node ${principal.node}`;
        throw new Refusal(`${actor} was deleted: it must join again`, { actor });
      }
      return principal;
    }
    if (trustsThisMachine && isLoopback(peer.address)) {
      return { node: undefined, region: undefined, by: "loopback" };
    }
    throw new Refusal(
      "discovery needs a client certificate or a node token: give the node a join token " +
        "(control_plane: {join_token: ...}, from `headgate join-tokens create`)",
    );
  };
}
