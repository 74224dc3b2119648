import { isIPv4 } from "node:net";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { createBearerCheck } from "./bearer-token.ts";
import { peerKey } from "./peer.ts";

/** Lets a call through or throws, before anything of its body is read. */
export type Gate = (context: Pick<HandlerContext, "requestHeader" | "values">) => void;

export function adminGate(adminToken: string): Gate {
  const isAdmin = createBearerCheck(adminToken);
  return ({ requestHeader }) => {
    if (isAdmin(requestHeader.get("authorization"))) return;
    throw unauthenticated("the admin API needs `Authorization: Bearer <admin token>`");
  };
}

/** Snapshots hold provider secrets: to whoever has the join token, or, without one, to this machine. */
export function nodeGate(joinToken: string | undefined): Gate {
  const isNode = joinToken === undefined ? undefined : createBearerCheck(joinToken);
  return ({ requestHeader, values }) => {
    if (isNode?.(requestHeader.get("authorization"))) return;
    if (isNode) throw unauthenticated("discovery needs `Authorization: Bearer <join token>`");
    if (isLoopback(values.get(peerKey).address)) return;
    throw unauthenticated(
      "discovery is open to this machine only, since no join token is configured " +
        "(node_auth: {join_token: ...} in control-plane.yaml)",
    );
  };
}

export function isLoopback(address: string): boolean {
  const plain = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

function unauthenticated(message: string): ConnectError {
  return new ConnectError(message, Code.Unauthenticated);
}
