import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { ManualClock, seededRandom } from "@headgate/core";
import { admin, discovery } from "@headgate/proto";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Auditor } from "../audit/auditor.ts";
import { ResourceCodec } from "../resources/resource-codec.ts";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Store } from "../store/store.ts";
import { testSealer } from "../testing/test-control-plane.ts";
import { certificateIdentity } from "./certificate-identity.ts";
import { checkJoinToken } from "./join-token.ts";
import { createNodeIdentity, type NodeIdentity } from "./node-identity.ts";
import { SeenIds } from "./seen-ids.ts";

const settingsToken = "join-token-of-the-settings";
const peer = { address: "10.0.0.9", cut: () => undefined, close: () => undefined };

let clock: ManualClock;
let store: Store;
let identity: NodeIdentity;
let denied: string[];
let audited: string[];
let revoked: string[];
beforeEach(async () => {
  clock = new ManualClock(1_800_000_000_000);
  store = createEmbeddedStore({ path: ":memory:", clock });
  denied = [];
  audited = [];
  revoked = [];
  identity = await startIdentity();
});
afterEach(async () => {
  await identity[Symbol.asyncDispose]();
  await store.close();
});

describe("joining", () => {
  it("lets a node in with a join token, and gives it a token that stands for it alone", async () => {
    const node = newNode("eu-1", "eu");
    const answer = await join(node, await joinToken({ region: "eu" }));
    const principal = await identity.authenticate(bearer(answer), peer);
    expect(principal).toEqual({ node: "eu-1", region: "eu", by: "node token" });
    expect(audited).toContain("node eu-1 node eu-1 created");
  });

  it.each([
    {
      name: "an unknown token",
      token: () => unknownToken,
      code: Code.Unauthenticated,
      says: /not known/,
    },
    { name: "no token", token: () => "", code: Code.Unauthenticated, says: /join token/ },
    {
      name: "a token of another region",
      token: () => joinToken({ region: "us" }),
      code: Code.PermissionDenied,
      says: /another region/,
    },
    {
      name: "a token of another node",
      token: () => joinToken({ node: "eu-2" }),
      code: Code.PermissionDenied,
      says: /another node/,
    },
    {
      name: "a token with its last character changed",
      token: async () => changed(await joinToken({})),
      code: Code.Unauthenticated,
      says: /not known/,
    },
    {
      name: "an expired token",
      token: async () => {
        const token = await joinToken({ expireTime: timestampFromMs(clock.wallTimeMs() + 1_000) });
        await clock.advance(1_000);
        return token;
      },
      code: Code.Unauthenticated,
      says: /expired/,
    },
  ])("refuses $name, and audits it", async ({ token, code, says }) => {
    const failure = await failureOf(join(newNode("eu-1", "eu"), await token()));
    expect(failure.code).toBe(code);
    expect(failure.rawMessage).toMatch(says);
    expect(denied).toEqual([`anonymous: ${failure.rawMessage} (it says it is node eu-1)`]);
  });

  it("refuses a token that is replayed, by the same node and by another", async () => {
    const token = await joinToken({});
    const node = newNode("eu-1", "eu");
    await join(node, token);
    for (const again of [node, newNode("eu-2", "eu")]) {
      const failure = await failureOf(join(again, token));
      expect(failure).toMatchObject({ code: Code.Unauthenticated });
      expect(failure.rawMessage).toMatch(/used before/);
    }
    expect(denied).toHaveLength(2);
  });

  it("lets in no more nodes than a token allows, however many knock at once", async () => {
    const token = await joinToken({ usesMax: 3 });
    const nodes = Array.from({ length: 8 }, (_, index) => newNode(`eu-${index}`, "eu"));
    const results = await Promise.allSettled(nodes.map((node) => join(node, token)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    const { joinTokens } = await adminClient().listJoinTokens({});
    expect(joinTokens).toMatchObject([{ uses: 3, usesMax: 3 }]);
  });

  it("does not let another key take a node's name, but with a token for that very node", async () => {
    await join(newNode("eu-1", "eu"), await joinToken({}));
    const other = newNode("eu-1", "eu");
    const failure = await failureOf(join(other, await joinToken({})));
    expect(failure).toMatchObject({ code: Code.AlreadyExists });
    await join(other, await joinToken({ node: "eu-1" }));
    await expect.poll(() => revoked).toEqual(["eu-1"]);
  });

  it("lets in any node with the token of the settings, as often as it comes", async () => {
    const node = newNode("us-1", "us");
    for (let time = 0; time < 3; time++) await join(node, settingsToken);
    expect(await adminClient().listJoinTokens({})).toMatchObject({ joinTokens: [] });
  });

  it.each([
    { name: "no node", change: { node: "" } },
    { name: "an odd node", change: { node: "a b" } },
    { name: "no region", change: { region: "" } },
    { name: "a short key", change: { publicKey: new Uint8Array(31) } },
  ])("refuses $name as invalid", async ({ change }) => {
    const node = newNode("eu-1", "eu");
    const request = { node: node.name, region: node.region, publicKey: node.publicKey, ...change };
    const headers = { authorization: `Bearer ${settingsToken}` };
    const failure = await failureOf(identityClient().join(request, { headers }));
    expect(failure.code).toBe(Code.InvalidArgument);
  });
});

describe("node tokens", () => {
  it("are given for the node's own signature, again and again", async () => {
    const node = newNode("eu-1", "eu");
    await join(node, settingsToken);
    for (let time = 0; time < 3; time++) {
      await clock.advance(20 * 60_000);
      const answer = await issue(assertion(node));
      expect(await identity.authenticate(bearer(answer), peer)).toMatchObject({ node: "eu-1" });
    }
  });

  it("expire after a quarter of an hour", async () => {
    const answer = await join(newNode("eu-1", "eu"), settingsToken);
    await clock.advance(15 * 60_000 - 1_000);
    await expect(identity.authenticate(bearer(answer), peer)).resolves.toBeDefined();
    await clock.advance(1_000);
    await expect(identity.authenticate(bearer(answer), peer)).rejects.toThrow(/expired/);
  });

  it("are of no use once the node is deleted, and none is issued any more", async () => {
    const node = newNode("eu-1", "eu");
    const answer = await join(node, settingsToken);
    await adminClient().deleteNode({ name: "eu-1" });
    await expect.poll(() => revoked).toEqual(["eu-1"]);
    await expect(identity.authenticate(bearer(answer), peer)).rejects.toThrow(/deleted/);
    expect(await failureOf(issue(assertion(node)))).toMatchObject({ code: Code.Unauthenticated });
  });

  it("are good at another replica at once", async () => {
    await using second = await startIdentity();
    const answer = await join(newNode("eu-1", "eu"), settingsToken);
    expect(await second.authenticate(bearer(answer), peer)).toMatchObject({ node: "eu-1" });
  });

  const forgeries: readonly {
    readonly name: string;
    readonly forge: (node: TestNodeKey, stranger: TestNodeKey) => string;
    readonly says: RegExp;
  }[] = [
    {
      name: "another's key",
      forge: (node, stranger) => assertion({ ...node, key: stranger.key }),
      says: /not the node's/,
    },
    {
      name: "another audience",
      forge: (node) => assertion(node, { aud: "elsewhere" }),
      says: /not the node's/,
    },
    {
      name: "an issuer that is not its subject",
      forge: (node) => assertion(node, { iss: "eu-2" }),
      says: /not known/,
    },
    { name: "no signature", forge: (node) => unsigned(assertion(node)), says: /not the node's/ },
    {
      name: "an expired one",
      forge: (node) => assertion(node, { iat: now() - 300, exp: now() - 240 }),
      says: /expired/,
    },
    {
      name: "one that is valid for an hour",
      forge: (node) => assertion(node, { exp: now() + 3_600 }),
      says: /too long/,
    },
    {
      name: "one without jti",
      forge: (node) => assertion(node, { jti: undefined }),
      says: /not the node's/,
    },
    { name: "garbage", forge: () => "a.b.c", says: /not known/ },
  ];
  it.each(forgeries)("are not given for $name", async ({ forge, says }) => {
    const node = newNode("eu-1", "eu");
    await join(node, settingsToken);
    const failure = await failureOf(issue(forge(node, newNode("eu-2", "eu"))));
    expect(failure.code).toBe(Code.Unauthenticated);
    expect(failure.rawMessage).toMatch(says);
    expect(denied).toHaveLength(1);
  });

  it("are not given twice for one assertion", async () => {
    const node = newNode("eu-1", "eu");
    await join(node, settingsToken);
    const once = assertion(node);
    await issue(once);
    expect((await failureOf(issue(once))).rawMessage).toMatch(/used before/);
  });

  it("of another installation are refused", async () => {
    const otherStore = createEmbeddedStore({ path: ":memory:", clock });
    await using other = await startIdentity(otherStore);
    const answer = await join(newNode("eu-1", "eu"), settingsToken);
    await expect(other.authenticate(bearer(answer), peer)).rejects.toThrow(/not valid/);
    await otherStore.close();
  });
});

describe("certificateIdentity()", () => {
  const good = {
    authorized: true,
    subject: "CN=eu-1",
    uris: ["spiffe://example.org/region/eu/node/eu-1"],
    validToMs: 2_000,
  };

  it("reads region and node", () => {
    const principal = { node: "eu-1", region: "eu", by: "certificate" };
    expect(certificateIdentity(good, 1_999)).toEqual({ ok: true, principal });
  });

  it.each([
    {
      name: "one that expired",
      given: { ...good, authorized: false, error: "CERT_HAS_EXPIRED" },
      says: /CN=eu-1 is refused: it has expired/,
    },
    { name: "no id", given: { ...good, uris: ["https://x"] }, says: /has 0/ },
    { name: "two ids", given: { ...good, uris: [...good.uris, ...good.uris] }, says: /has 2/ },
    {
      name: "another path",
      given: { ...good, uris: ["spiffe://e/ns/a/sa/b"] },
      says: /is not spiffe/,
    },
    {
      name: "an odd region",
      given: { ...good, uris: ["spiffe://e/region/a%2Fb/node/n"] },
      says: /is not spiffe/,
    },
    {
      name: "no node",
      given: { ...good, uris: ["spiffe://e/region/eu/node/"] },
      says: /is not spiffe/,
    },
  ])("refuses $name", ({ given, says }) => {
    const result = certificateIdentity(given, 1_999);
    expect(result.ok ? "" : result.reason).toMatch(says);
  });

  it("refuses a bad certificate even beside a good token", async () => {
    const answer = await join(newNode("eu-1", "eu"), settingsToken);
    const certificate = { ...good, fingerprint: "", authorized: false, error: "CERT_HAS_EXPIRED" };
    const showing = identity.authenticate(bearer(answer), { ...peer, certificate });
    await expect(showing).rejects.toThrow(/it has expired/);
  });
});

describe("checkJoinToken()", () => {
  it.each([
    { name: "an odd region", given: { region: "a b" }, path: "region" },
    { name: "an odd node", given: { node: "a b" }, path: "node" },
    { name: "the past", given: { expireTime: timestampFromMs(999) }, path: "expire_time" },
    {
      name: "31 days",
      given: { expireTime: timestampFromMs(31 * 86_400_000 + 1_000) },
      path: "expire_time",
    },
    { name: "too many uses", given: { usesMax: 100_001 }, path: "uses_max" },
    { name: "several uses for one node", given: { node: "n", usesMax: 2 }, path: "uses_max" },
  ])("refuses $name", ({ given, path }) => {
    const problems = checkJoinToken(create(admin.JoinTokenSchema, given), 1_000);
    expect(problems).toMatchObject([{ path }]);
  });
});

describe("SeenIds", () => {
  it("knows an id until it expires, then forgets it", () => {
    const ids = new SeenIds();
    expect(ids.use("a", { expireTimeMs: 100, nowMs: 0 })).toBe(true);
    expect(ids.use("a", { expireTimeMs: 100, nowMs: 99 })).toBe(false);
    expect(ids.use("a", { expireTimeMs: 200, nowMs: 100 })).toBe(true);
  });
});

interface TestNodeKey {
  readonly name: string;
  readonly region: string;
  readonly key: KeyObject;
  readonly publicKey: Uint8Array;
}

const unknownToken = `hgj_${"0".repeat(16)}_${"A".repeat(43)}`;

function startIdentity(on: Store = store): Promise<NodeIdentity> {
  return createNodeIdentity({
    store: on,
    codec: new ResourceCodec(testSealer),
    clock,
    random: seededRandom(1),
    logger: pino({ level: "silent" }),
    auditor: testAuditor(),
    joinToken: settingsToken,
    trustsThisMachine: false,
    onRevoked: (node) => revoked.push(node),
  });
}

/** Records in memory; what is done goes into the transaction as a put, as it should. */
function testAuditor(): Auditor {
  return {
    sourceOf: () => ({ actor: "anonymous", role: 1, method: "", address: "", userAgent: "" }),
    entryFor: () => {
      throw new Error("no resources are written here");
    },
    entryForOther: ({ actor }, changes) => {
      for (const { kind, name, action } of changes) {
        audited.push(`${actor} ${kind} ${name} ${action}`);
      }
      const key = `/audit/${audited.length}-${revoked.length}`;
      return { type: "put", key, value: new Uint8Array() };
    },
    denied: ({ actor }, message) => void denied.push(`${actor}: ${message}`),
  };
}

function identityClient() {
  return createClient(
    discovery.NodeIdentityService,
    createRouterTransport((router) => {
      router.service(discovery.NodeIdentityService, identity.implementation);
    }),
  );
}

function adminClient() {
  return createClient(
    admin.AdminService,
    createRouterTransport((router) => {
      router.service(admin.AdminService, identity.joining);
    }),
  );
}

function newNode(name: string, region: string): TestNodeKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return { name, region, key: privateKey, publicKey: new Uint8Array(Buffer.from(x, "base64url")) };
}

async function joinToken(wanted: Partial<Omit<admin.JoinToken, "$typeName">>): Promise<string> {
  const { token } = await adminClient().createJoinToken({ joinToken: wanted });
  return token;
}

async function join({ name, region, publicKey }: TestNodeKey, token: string): Promise<string> {
  const answer = await identityClient().join(
    { node: name, region, publicKey },
    { headers: { authorization: `Bearer ${token}` } },
  );
  return answer.token?.token ?? "";
}

async function issue(given: string): Promise<string> {
  const answer = await identityClient().issueNodeToken({ assertion: given });
  return answer.token?.token ?? "";
}

function now(): number {
  return Math.floor(clock.wallTimeMs() / 1000);
}

let assertions = 0;

/** A JWT by hand, so that what is wrong in it is exactly what the test says. */
function assertion({ name, key }: TestNodeKey, change: Record<string, unknown> = {}): string {
  assertions += 1;
  const claims = {
    iss: name,
    sub: name,
    aud: "headgate",
    iat: now(),
    exp: now() + 60,
    jti: String(assertions),
  };
  const signed = `${base64Json({ alg: "EdDSA" })}.${base64Json({ ...claims, ...change })}`;
  const signature = sign(
    null,
    Buffer.from(signed),
    createPrivateKey(key.export({ format: "pem", type: "pkcs8" })),
  );
  return `${signed}.${signature.toString("base64url")}`;
}

function unsigned(token: string): string {
  const [, payload = ""] = token.split(".");
  return `${base64Json({ alg: "none" })}.${payload}.`;
}

function base64Json(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function changed(token: string): string {
  return token.slice(0, -1) + (token.endsWith("A") ? "B" : "A");
}

function bearer(token: string): Headers {
  return new Headers({ authorization: `Bearer ${token}` });
}

async function failureOf(promise: Promise<unknown>): Promise<ConnectError> {
  const failure = await promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );
  if (failure instanceof ConnectError) return failure;
  throw failure;
}
