import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { regionNamePattern } from "@headgate/config";
import type { Random } from "@headgate/core";
import { discovery } from "@headgate/proto";
import type { Logger } from "pino";
import type { NodeAuthenticator } from "../auth/node-authenticator.ts";
import { type JoinNodeOptions, joinNode } from "./join-node.ts";
import { createJoinTokenService, type JoinTokenService } from "./join-token-service.ts";
import { checkAssertion, claimedNode } from "./node-assertion.ts";
import { createNodeAuthenticator } from "./node-authenticator.ts";
import { nodeNamePattern } from "./node-name.ts";
import { loadOrCreateNodeTokenKey } from "./node-token-key.ts";
import { NodeTokens } from "./node-tokens.ts";
import { RegisteredNodes } from "./registered-nodes.ts";
import { SeenIds } from "./seen-ids.ts";

export interface NodeIdentityOptions extends JoinNodeOptions {
  readonly random: Random;
  readonly logger: Logger;
  readonly trustsThisMachine: boolean;
  /** The node must be let go: it was deleted, or another key has its name now. */
  readonly onRevoked: (node: string) => void;
}

export interface NodeIdentity extends AsyncDisposable {
  readonly implementation: ServiceImpl<typeof discovery.NodeIdentityService>;
  readonly joining: JoinTokenService;
  readonly authenticate: NodeAuthenticator;
}

const publicKeyBytes = 32;

/** How nodes get in: join tokens, node tokens, certificates. Reads the store before it is ready. */
export async function createNodeIdentity(options: NodeIdentityOptions): Promise<NodeIdentity> {
  const { store, codec, clock } = options;
  const tokens = new NodeTokens(await loadOrCreateNodeTokenKey(store, codec), clock);
  const nodes = new RegisteredNodes(options);
  await nodes.listed;
  return {
    implementation: identityService(options, { tokens, nodes }),
    joining: createJoinTokenService(options),
    authenticate: createNodeAuthenticator({ ...options, tokens, nodes }),
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
}

function identityService(
  options: NodeIdentityOptions,
  { tokens, nodes }: { tokens: NodeTokens; nodes: RegisteredNodes },
): ServiceImpl<typeof discovery.NodeIdentityService> {
  const { clock, auditor } = options;
  const seen = new SeenIds();

  async function issue(identity: { node: string; region: string }): Promise<discovery.NodeToken> {
    const { token, expireTimeMs } = await tokens.issue(identity);
    return create(discovery.NodeTokenSchema, { token, expireTime: timestampFromMs(expireTimeMs) });
  }

  return {
    join: async (request, context) => {
      const { node, region, publicKey } = checkedJoin(request);
      const source = { ...auditor.sourceOf(context), actor: `node ${node}` };
      const authorization = context.requestHeader.get("authorization");
      const joining = { node, region, publicKey, authorization, source };
      await auditRefusals(context, node, () => joinNode(joining, options));
      return { token: await issue({ node, region }) };
    },
    issueNodeToken: ({ assertion }, context) => {
      const node = claimedNode(assertion) ?? "";
      return auditRefusals(context, node, async () => {
        const registered = nodes.get(node);
        if (!registered) throw unauthenticated("this node is not known: it must join");
        const { publicKey, region } = registered;
        const checked = await checkAssertion(assertion, { node, publicKey, clock });
        if (!checked.ok) throw unauthenticated(`the assertion is refused: ${checked.reason}`);
        const use = { expireTimeMs: checked.expireTimeMs, nowMs: clock.wallTimeMs() };
        if (!seen.use(`${node} ${checked.jti}`, use)) {
          throw unauthenticated("the assertion is refused: it was used before");
        }
        return { token: await issue({ node, region }) };
      });
    },
  };

  /** Who is refused has proved nothing: whom it says to be is told, and is not the actor. */
  async function auditRefusals<T>(
    context: HandlerContext,
    claimed: string,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ConnectError && refusalCodes.has(error.code)) {
        const claim = nodeNamePattern.test(claimed) ? ` (it says it is node ${claimed})` : "";
        auditor.denied(auditor.sourceOf(context), `${error.rawMessage}${claim}`);
      }
      throw error;
    }
  }
}

const refusalCodes: ReadonlySet<Code> = new Set([
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.AlreadyExists,
]);

function checkedJoin(request: discovery.JoinRequest): discovery.JoinRequest {
  const { node, region, publicKey } = request;
  if (!nodeNamePattern.test(node)) {
    throw invalid(
      "node must be 1 to 128 letters, digits and ._:@/-, starting with a letter or digit",
    );
  }
  if (!regionNamePattern.test(region)) throw invalid("region is not the name of a region");
  if (publicKey.length !== publicKeyBytes) {
    throw invalid(`public_key has ${publicKey.length} bytes, an Ed25519 key has ${publicKeyBytes}`);
  }
  return request;
}

function invalid(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}

function unauthenticated(message: string): ConnectError {
  return new ConnectError(message, Code.Unauthenticated);
}
