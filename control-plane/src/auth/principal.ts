import { createContextKey } from "@connectrpc/connect";
import type { KnownRole } from "./role-words.ts";

/** Who calls the admin API, and what they may do. */
export interface Principal {
  /** As in audit entries: "root", "token alice-laptop", "oidc alice@example.com", "in-process". */
  readonly actor: string;
  readonly role: KnownRole;
  /** With the role TEAM: the one team whose keys they manage. */
  readonly team?: string;
  /** On the wall clock; absent: never. */
  readonly expireTimeMs?: number;
  /** Aborts when what was shown is withdrawn; absent: never. Expiry is not told by it. */
  readonly withdrawn?: AbortSignal;
}

/** A data-plane node that has proved who it is. */
export interface NodePrincipal {
  /** Undefined: whatever it says (same machine, without node_auth; or the join token of the settings). */
  readonly node: string | undefined;
  /** Undefined: any region. */
  readonly region: string | undefined;
  /** For people: "certificate", "node token", "join token", "loopback", "in-process". */
  readonly by: string;
}

/** Set before a handler runs: see http/gates.ts. */
export const principalKey = createContextKey<Principal | undefined>(undefined, {
  description: "caller of the admin API",
});

export const nodePrincipalKey = createContextKey<NodePrincipal | undefined>(undefined, {
  description: "node that calls",
});
