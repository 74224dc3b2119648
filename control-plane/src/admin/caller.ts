import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { auditSourceFrom, principalOf } from "../audit/audit-source.ts";
import type { AuditSource } from "../audit/auditor.ts";
import type { Principal } from "../auth/principal.ts";

/** On whose behalf something is read or written: what they may, and how it is recorded. */
export interface Caller {
  readonly principal: Principal;
  readonly source: AuditSource;
  /** How the call came: connect, grpc, grpc-web. */
  readonly protocol: string;
}

/** @throws ConnectError UNAUTHENTICATED for a call over a network that no gate has looked at. */
export function callerOf(context: HandlerContext): Caller {
  const principal = principalOf(context);
  if (!principal) throw new ConnectError("nobody has said who is calling", Code.Unauthenticated);
  return { principal, source: auditSourceFrom(context), protocol: context.protocolName };
}
