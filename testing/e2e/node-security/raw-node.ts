import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { discovery } from "@headgate/proto";

/** What a connection shows, and whom it trusts: PEM texts. */
export interface ShownTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Claim {
  readonly node: string;
  readonly region: string;
}

/** A stream that was let in. */
export interface OpenStream {
  readonly first: discovery.StreamSnapshotsResponse;
  /** Rejects with why it was ended. */
  readonly ended: Promise<void>;
}

/** Node's protocol by hand, over one gRPC connection, so that anything wrong may be sent. */
export class RawNode implements Disposable {
  readonly #sessions: Http2SessionManager;
  readonly #transport: Transport;
  readonly #leaving = new AbortController();

  constructor(grpcUrl: string, tls: ShownTls = {}) {
    this.#sessions = new Http2SessionManager(grpcUrl, {}, tls);
    this.#transport = createGrpcTransport({ baseUrl: grpcUrl, sessionManager: this.#sessions });
  }

  /** A node token for a public key. */
  async join(claim: Claim & { publicKey: Uint8Array }, joinToken?: string): Promise<string> {
    const client = createClient(discovery.NodeIdentityService, this.#transport);
    const { token } = await client.join(claim, { headers: bearer(joinToken) });
    return token?.token ?? "";
  }

  async issueNodeToken(assertion: string): Promise<string> {
    const client = createClient(discovery.NodeIdentityService, this.#transport);
    const { token } = await client.issueNodeToken({ assertion });
    return token?.token ?? "";
  }

  /** Says Hello, and waits for the snapshot. @throws ConnectError if it is not let in. */
  async stream(claim: Claim, nodeToken?: string): Promise<OpenStream> {
    const client = createClient(discovery.DiscoveryService, this.#transport);
    const { signal } = this.#leaving;
    const answers = client.streamSnapshots(hello(claim, signal), {
      headers: bearer(nodeToken),
      signal,
    });
    const reading = answers[Symbol.asyncIterator]();
    const { value } = await reading.next();
    if (value === undefined) throw new Error("the stream ended without a snapshot");
    const ended = reading.next().then(() => undefined);
    ended.catch(() => undefined); // Who wants to know awaits it.
    return { first: value, ended };
  }

  [Symbol.dispose](): void {
    this.#leaving.abort();
    this.#sessions.abort();
  }
}

/** Hello, and nothing more until the end. */
async function* hello(claim: Claim, signal: AbortSignal) {
  // It never ACKs: of one build, the next would have to wait until the first counts as well.
  const value = { ...claim, build: `test ${randomUUID()}`, bootId: randomUUID() };
  yield { message: { case: "hello", value } } as const;
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** A node's own key, and what it signs. */
export interface RawNodeKey {
  readonly publicKey: Uint8Array;
  readonly assertion: (node: string, change?: Readonly<Record<string, unknown>>) => string;
}

export function createNodeKey(): RawNodeKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return {
    publicKey: new Uint8Array(Buffer.from(x, "base64url")),
    assertion: (node, change = {}) => {
      const iat = Math.floor(Date.now() / 1_000);
      const ids = { iss: node, sub: node, aud: "headgate", jti: randomUUID() };
      const claims = { ...ids, iat, exp: iat + 50, ...change };
      const text = `${json({ alg: "EdDSA" })}.${json(claims)}`;
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString("base64url")}`;
    },
  };
}

function json(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
