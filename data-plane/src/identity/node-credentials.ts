import { randomUUID } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { SignJWT } from "jose";
import type { Logger } from "pino";
import type { NodeKey } from "./node-key.ts";

export interface NodeCredentialsOptions {
  readonly node: string;
  readonly region: string;
  readonly key: NodeKey;
  /** For the first time, and for when the control plane has forgotten us. */
  readonly joinToken: string | undefined;
  /** The key was made just now: nobody can know it, so that asking for a token would be refused, and audited. */
  readonly isNew?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An assertion is used at once; a minute is what the control plane allows. */
const assertionTtlMs = 50_000;
/** A token is replaced when it has less than this left. */
const renewBeforeMs = 60_000;
const callTimeoutMs = 10_000;

/**
 * The node's side of NodeIdentityService: a token for each stream, gotten by the node's own key; by the
 * join token where that key is not known yet.
 */
export class NodeCredentials {
  readonly #options: NodeCredentialsOptions;
  #token: discovery.NodeToken | undefined;
  #pending: Promise<string> | undefined;
  #isNew: boolean;

  constructor(options: NodeCredentialsOptions) {
    this.#options = options;
    this.#isNew = options.isNew ?? false;
  }

  /**
   * A bearer token that is good for a while. Calls at the same time share one request.
   *
   * @throws ConnectError when the control plane is away, or does not let us in.
   */
  bearer(transport: Transport): Promise<string> {
    if (this.#token && this.#leftMs(this.#token) > renewBeforeMs) {
      return Promise.resolve(this.#token.token);
    }
    this.#pending ??= this.#obtain(transport).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** It was refused: get another next time. */
  forget(): void {
    this.#token = undefined;
  }

  #leftMs({ expireTime }: discovery.NodeToken): number {
    return expireTime ? timestampMs(expireTime) - this.#options.clock.wallTimeMs() : 0;
  }

  async #obtain(transport: Transport): Promise<string> {
    const client = createClient(discovery.NodeIdentityService, transport);
    const { token } = await this.#issueOrJoin(client);
    if (!token) throw new ConnectError("the control plane gave no token", Code.Internal);
    this.#token = token;
    return token.token;
  }

  async #issueOrJoin(
    client: IdentityClient,
  ): Promise<{ readonly token?: discovery.NodeToken | undefined }> {
    const { joinToken } = this.#options;
    // Once: the answer may be lost, and a token for one use is used then.
    if (this.#isNew && joinToken !== undefined) {
      this.#isNew = false;
      return this.#join(client, joinToken);
    }
    const assertion = await this.#assertion();
    try {
      return await client.issueNodeToken({ assertion }, { timeoutMs: callTimeoutMs });
    } catch (error) {
      if (!isUnknown(error) || joinToken === undefined) throw error;
      return this.#join(client, joinToken);
    }
  }

  async #join(client: IdentityClient, joinToken: string): Promise<discovery.JoinResponse> {
    const { node, region, key, logger } = this.#options;
    const answer = await client.join(
      { node, region, publicKey: key.publicKey },
      { timeoutMs: callTimeoutMs, headers: { authorization: `Bearer ${joinToken}` } },
    );
    logger.info({ node, region }, "joined the control plane");
    return answer;
  }

  #assertion(): Promise<string> {
    const { node, key, clock } = this.#options;
    const nowMs = clock.wallTimeMs();
    return new SignJWT()
      .setProtectedHeader({ alg: "EdDSA" })
      .setIssuer(node)
      .setSubject(node)
      .setAudience("headgate")
      .setJti(randomUUID())
      .setIssuedAt(new Date(nowMs))
      .setExpirationTime(new Date(nowMs + assertionTtlMs))
      .sign(key.privateKey);
  }
}

type IdentityClient = ReturnType<typeof createClient<typeof discovery.NodeIdentityService>>;

function isUnknown(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unauthenticated;
}
