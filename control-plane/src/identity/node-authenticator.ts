import { Code, ConnectError } from "@connectrpc/connect";
import type { NodePrincipal } from "../auth/principal.ts";
import { isLoopback } from "../http/gates.ts";
import type { Peer } from "../http/peer.ts";
import { certificateIdentity } from "./certificate-identity.ts";
import type { NodeTokens } from "./node-tokens.ts";
import type { RegisteredNodes } from "./registered-nodes.ts";

export interface NodeAuthenticatorOptions {
  readonly tokens: NodeTokens;
  readonly nodes: RegisteredNodes;
  /** Whether nodes on this machine need no proof: where neither certificates nor a join token are set up. */
  readonly trustsThisMachine: boolean;
}

export type NodeAuthenticator = (headers: Headers, peer: Peer) => Promise<NodePrincipal>;

/**
 * Who a node is: by its certificate, else by its node token, else (if so configured) by being on this
 * machine.
 *
 * @throws ConnectError UNAUTHENTICATED that says what is needed. A certificate that is not good is
 * refused even beside a good token: somebody meant it to count.
 */
export function createNodeAuthenticator(options: NodeAuthenticatorOptions): NodeAuthenticator {
  const { tokens, nodes, trustsThisMachine } = options;
  return async (headers, peer) => {
    if (peer.certificate) {
      const identity = certificateIdentity(peer.certificate);
      if (!identity.ok) throw unauthenticated(identity.reason);
      return identity.principal;
    }
    const authorization = headers.get("authorization");
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (token !== undefined) {
      const principal = await tokens.verify(token);
      if (!principal?.node) throw unauthenticated("this node token is not valid, or has expired");
      if (!(await nodes.find(principal.node))) {
        throw unauthenticated(`node ${principal.node} was deleted: it must join again`);
      }
      return principal;
    }
    if (trustsThisMachine && isLoopback(peer.address)) {
      return { node: undefined, region: undefined, by: "loopback" };
    }
    throw unauthenticated(
      "discovery needs a client certificate or a node token: give the node a join token " +
        "(control_plane: {join_token: ...}, from `headgate join-tokens create`)",
    );
  };
}

function unauthenticated(message: string): ConnectError {
  return new ConnectError(message, Code.Unauthenticated);
}
