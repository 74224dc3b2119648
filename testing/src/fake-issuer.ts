import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type IssuerAlgorithm = "RS256" | "PS256" | "ES256" | "ES384" | "ES512" | "EdDSA";

export interface TokenOptions {
  /** Claims besides, or instead of, those of a good token; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Members of the header besides, or instead of, the right ones; undefined leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Default: that of the issuer's current key. */
  readonly key?: SigningKey;
}

export interface SigningKey {
  readonly kid: string;
  readonly alg: IssuerAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** How the issuer answers: as it should, with 503, not at all, or with something odd. */
export type IssuerBehaviour =
  | "good"
  | "failing"
  | "silent"
  | "other issuer"
  | "not json"
  | "no keys"
  | "huge"
  | "redirecting"
  | "plain keys elsewhere";

const hourSeconds = 60 * 60;

/**
 * An OpenID Connect issuer on this machine: discovery document, key set, and tokens, right or
 * forged. Signs by node:crypto, so that what it makes does not depend on what checks it.
 */
export class FakeIssuer implements AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for. */
  readonly requests: string[] = [];
  behaviour: IssuerBehaviour = "good";
  /** Published. The first signs. */
  keys: readonly SigningKey[];
  readonly #server: Server;

  private constructor(server: Server, alg: IssuerAlgorithm) {
    this.#server = server;
    // Sound because it listens on TCP.
    const { port } = server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${port}`;
    this.keys = [createSigningKey(alg)];
    server.on("request", (request, response) => {
      const path = request.url ?? "";
      this.requests.push(path);
      this.#answer(path, response);
    });
  }

  static async start(alg: IssuerAlgorithm = "RS256"): Promise<FakeIssuer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FakeIssuer(server, alg);
  }

  /** A good token for the audience "headgate", but for what `options` say. */
  token({ claims = {}, header = {}, key = this.#signer }: TokenOptions = {}): string {
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const payload = {
      iss: this.url,
      aud: "headgate",
      sub: "user-1",
      iat: nowSeconds,
      exp: nowSeconds + hourSeconds,
      ...claims,
    };
    const input = [{ alg: key.alg, kid: key.kid, typ: "JWT", ...header }, payload].map(part);
    return [...input, signature(input.join("."), key)].join(".");
  }

  /** `alg: none`, and no signature (RFC 8725, section 2.1). */
  unsigned(options: TokenOptions = {}): string {
    const token = this.token({ ...options, header: { ...options.header, alg: "none" } });
    return `${token.split(".").slice(0, 2).join(".")}.`;
  }

  /** A MAC under the public key, which everybody has, as if it were a secret (RFC 8725, 2.1). */
  signedWithPublicKey(options: TokenOptions = {}): string {
    const token = this.token({ ...options, header: { ...options.header, alg: "HS256" } });
    const input = token.split(".").slice(0, 2).join(".");
    const secret = this.#signer.publicKey.export({ type: "spki", format: "pem" });
    return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close").catch(() => undefined);
  }

  get #signer(): SigningKey {
    const [first] = this.keys;
    if (!first) throw new Error("the issuer has no key to sign with");
    return first;
  }

  #answer(path: string, response: ServerResponse): void {
    const { behaviour, url } = this;
    const wellKnown = "/.well-known/openid-configuration";
    const isDiscovery = path === wellKnown || path === "/moved";
    if (behaviour === "silent") return;
    if (behaviour === "failing") return void response.writeHead(503).end();
    if (behaviour === "not json") return void response.end("<html>");
    if (behaviour === "huge") return void response.end(`{"x":"${"x".repeat(1024 * 1024)}"}`);
    if (behaviour === "redirecting" && path === wellKnown) {
      return void response.writeHead(302, { location: `${url}/moved` }).end();
    }
    if (isDiscovery) {
      const issuer = behaviour === "other issuer" ? "https://evil.example" : url;
      const keysAt = behaviour === "plain keys elsewhere" ? "ftp://127.0.0.1/keys" : `${url}/keys`;
      return void response.end(JSON.stringify({ issuer, jwks_uri: keysAt }));
    }
    if (path !== "/keys") return void response.writeHead(404).end();
    const keys = behaviour === "no keys" ? "none" : this.keys.map(publicJwk);
    response.end(JSON.stringify({ keys }));
  }
}

export function startFakeIssuer(alg?: IssuerAlgorithm): Promise<FakeIssuer> {
  return FakeIssuer.start(alg);
}

let keysMade = 0;

export function createSigningKey(alg: IssuerAlgorithm = "RS256"): SigningKey {
  keysMade++;
  return { kid: `key-${keysMade}`, alg, ...keyPair(alg) };
}

function keyPair(alg: IssuerAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (alg) {
    case "RS256":
    case "PS256":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "ES256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "ES384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "ES512":
      return generateKeyPairSync("ec", { namedCurve: "P-521" });
    case "EdDSA":
      return generateKeyPairSync("ed25519");
  }
}

function publicJwk({ kid, alg, publicKey }: SigningKey): object {
  return { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" };
}

function signature(input: string, { alg, privateKey }: SigningKey): string {
  const pss = { padding: 6, saltLength: 32 }; // RSA_PKCS1_PSS_PADDING, and the digest's length.
  const digest = alg === "EdDSA" ? undefined : `sha${alg.slice(2)}`;
  const key = {
    key: privateKey,
    dsaEncoding: "ieee-p1363" as const,
    ...(alg === "PS256" ? pss : {}),
  };
  return sign(digest, Buffer.from(input), key).toString("base64url");
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
