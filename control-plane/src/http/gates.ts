import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Auditor } from "../audit/auditor.ts";
import type { Authenticate } from "../auth/authenticator.ts";
import type { NodeAuthenticator } from "../auth/node-authenticator.ts";
import { forbiddenReason } from "../auth/permissions.ts";
import { nodePrincipalKey, principalKey } from "../auth/principal.ts";
import { Refusal } from "../auth/refusal.ts";
import { peerKey } from "./peer.ts";

/**
 * Lets a call through, having set who makes it, or throws, before anything of its body is read.
 * Of who is refused there is an entry in the audit log.
 */
export type Gate = (context: HandlerContext) => Promise<void>;

export interface Gates {
  readonly admin: Gate;
  /** Whoever may call AdminService at all. */
  readonly anyRole: Gate;
  readonly node: Gate;
}

export type RefusalAuditor = Pick<Auditor, "sourceOf" | "denied">;

export interface AdminGateOptions {
  readonly authenticate: Authenticate;
  readonly auditor: RefusalAuditor;
}

/** To AdminService: whose role may call the method. Which rows are theirs is decided behind it. */
export function adminGate(options: AdminGateOptions): Gate {
  return audited(options.auditor, async (context) => {
    const { role, actor } = await identify(context, options);
    const reason = forbiddenReason(role, context.method);
    if (reason !== undefined) throw new Refusal(reason, { actor, code: Code.PermissionDenied });
  });
}

/** To what anybody may call who may call anything of AdminService, whatever it is. */
export function anyRoleGate(options: AdminGateOptions): Gate {
  return audited(options.auditor, async (context) => {
    await identify(context, options);
  });
}

/** To discovery: snapshots hold provider secrets. */
export function nodeGate({
  authenticateNode,
  auditor,
}: {
  readonly authenticateNode: NodeAuthenticator;
  readonly auditor: RefusalAuditor;
}): Gate {
  return audited(auditor, async ({ requestHeader, values }) => {
    values.set(nodePrincipalKey, await authenticateNode(requestHeader, values.get(peerKey)));
  });
}

async function identify(
  { requestHeader, values }: HandlerContext,
  { authenticate }: AdminGateOptions,
) {
  const principal = await authenticate(requestHeader);
  values.set(principalKey, principal);
  return principal;
}

/** Undefined: it is not about who calls. */
function refusalFrom(reason: unknown): Refusal | undefined {
  if (reason instanceof Refusal) return reason;
  if (!(reason instanceof ConnectError)) return undefined;
  const { code, rawMessage } = reason;
  const isRefusal = code === Code.Unauthenticated || code === Code.PermissionDenied;
  return isRefusal ? new Refusal(rawMessage, { code }) : undefined;
}

/** What goes wrong otherwise is not about who calls, and shown to nobody: the observer logs it. */
function audited(auditor: RefusalAuditor, gate: Gate): Gate {
  return async (context) => {
    try {
      await gate(context);
    } catch (reason) {
      const refusal = refusalFrom(reason);
      if (!refusal) throw reason;
      const { message, code, actor } = refusal;
      const source = auditor.sourceOf(context);
      auditor.denied(actor === undefined ? source : { ...source, actor }, message);
      throw new ConnectError(message, code);
    }
  };
}
