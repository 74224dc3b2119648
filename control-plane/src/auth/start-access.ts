import type { Interceptor } from "@connectrpc/connect";
import type { OidcConfig } from "@headgate/config";
import type { Clock, Random } from "@headgate/core";
import type { Logger } from "pino";
import type { Auditor } from "../audit/auditor.ts";
import { adminGate, anyRoleGate, type Gates, nodeGate } from "../http/gates.ts";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Store } from "../store/store.ts";
import { createAuthenticator } from "./authenticator.ts";
import { endStreamsWithPrincipal } from "./end-with-principal.ts";
import type { NodeAuthenticator } from "./node-authenticator.ts";
import { createOidcVerifier } from "./oidc.ts";
import { TokenCache } from "./token-cache.ts";
import { createTokenService, type TokenService } from "./token-service.ts";

export interface AccessOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly auditor: Auditor;
  readonly rootToken: string;
  readonly oidc: OidcConfig | undefined;
  readonly authenticateNode: NodeAuthenticator;
}

/** Who may call what. */
export interface Access {
  readonly gates: Gates;
  /** For streams of AdminService. */
  readonly interceptor: Interceptor;
  /** Those calls of AdminService that are about admin tokens. */
  readonly tokens: TokenService;
  /** Resolves when admin tokens are known. Never rejects. */
  readonly loaded: Promise<void>;
  stop(): Promise<void>;
}

export function startAccess(options: AccessOptions): Access {
  const { clock, auditor, rootToken, oidc, authenticateNode } = options;
  const cache = new TokenCache(options);
  const authenticate = createAuthenticator({
    rootToken,
    tokens: cache,
    clock,
    ...(oidc && { oidc: createOidcVerifier({ ...oidc, clock }) }),
  });
  return {
    gates: {
      admin: adminGate({ authenticate, auditor }),
      anyRole: anyRoleGate({ authenticate, auditor }),
      node: nodeGate({ authenticateNode, auditor }),
    },
    interceptor: endStreamsWithPrincipal(clock),
    tokens: createTokenService({ ...options, cache }),
    loaded: cache.loaded,
    stop: () => cache.stop(),
  };
}
