import type { HandlerContext } from "@connectrpc/connect";
import { admin } from "@headgate/proto";
import {
  type NodePrincipal,
  nodePrincipalKey,
  type Principal,
  principalKey,
} from "../auth/principal.ts";
import { peerKey } from "../http/peer.ts";
import type { AuditSource } from "./auditor.ts";

/** Calls that came over no network are authorised by being there. */
export const inProcessPrincipal: Principal = { actor: "in-process", role: admin.Role.ADMIN };

const inProcess = "in-process";
const userAgentLengthMax = 256;

type CallContext = Pick<HandlerContext, "values" | "requestHeader"> & {
  readonly method: { readonly name: string };
};

/** Who is calling. Undefined: over a network, and nobody has found out. */
export function principalOf({ values }: Pick<HandlerContext, "values">): Principal | undefined {
  const principal = values.get(principalKey);
  if (principal) return principal;
  return values.get(peerKey).address === inProcess ? inProcessPrincipal : undefined;
}

export function auditSourceFrom(context: CallContext): AuditSource {
  const principal = principalOf(context);
  return {
    actor: principal?.actor ?? nodeActor(context.values.get(nodePrincipalKey)),
    role: principal?.role ?? admin.Role.UNSPECIFIED,
    method: context.method.name,
    address: context.values.get(peerKey).address,
    userAgent: (context.requestHeader.get("user-agent") ?? "").slice(0, userAgentLengthMax),
  };
}

function nodeActor(principal: NodePrincipal | undefined): string {
  return principal?.node === undefined ? "anonymous" : `node ${principal.node}`;
}

/** What this process does of itself, for example because a file changed. */
export function ownSource(actor: string, method: string): AuditSource {
  return { actor, role: admin.Role.UNSPECIFIED, method, address: inProcess, userAgent: "" };
}
