import { createAuthority } from "@headgate/testing";
import { type NatsServerOptions, startNats } from "@headgate/testing/servers";
import { nkeys } from "nats";
import { describe, expect, it } from "vitest";
import type { NatsBusOptions } from "./nats-bus-options.ts";
import { bytes, reached, testBus, text } from "./test-bus.ts";

const authority = createAuthority();
const other = createAuthority("Another authority");
const serverPem = authority.issue({ commonName: "nats" });
const byAddress = authority.issue({ commonName: "nats", hosts: ["127.0.0.1"] });
const byName = authority.issue({ commonName: "nats", hosts: ["localhost"] });
const client = authority.issue({ commonName: "client", use: "client" });
const stranger = other.issue({ commonName: "client", use: "client" });
const { ca } = authority;
const trusting = { tls: { ca } };

interface Case {
  readonly name: string;
  readonly server: NatsServerOptions;
  readonly bus: Partial<NatsBusOptions>;
  /** Instead of 127.0.0.1. */
  readonly host?: string;
}

const operated = operatorMode();

describe("NATS bus and who may use it", { timeout: 30_000 }, () => {
  it.each<Case>([
    {
      name: "with its token",
      server: { authorization: { token: "s3cret" } },
      bus: { credentials: { token: "s3cret" } },
    },
    {
      name: "with user and password",
      server: { authorization: { user: "hg", password: "s3cret" } },
      bus: { credentials: { user: "hg", pass: "s3cret" } },
    },
    {
      name: "with a credentials file",
      server: { more: operated.config },
      bus: { credentials: { creds: operated.creds } },
    },
    { name: "over TLS, by address", server: { tls: byAddress }, bus: trusting },
    { name: "over TLS, by name", server: { tls: byName }, bus: trusting, host: "localhost" },
    {
      name: "over TLS with its own certificate",
      server: { tls: { ...serverPem, clientCa: ca } },
      bus: { tls: { ca, cert: client.cert, key: client.key } },
    },
    {
      name: "over TLS with a token",
      server: { tls: serverPem, authorization: { token: "s3cret" } },
      bus: { ...trusting, credentials: { token: "s3cret" } },
    },
  ])("lets in $name", async ({ server, bus: options, host = "127.0.0.1" }) => {
    await using running = await startNats(server);
    const url = `${server.tls ? "tls" : "nats"}://${host}:${running.ports.client}`;
    await using made = testBus(url, options);
    expect(await made.bus.reachable(10_000)).toBe(true);
    const got: string[] = [];
    made.bus.subscribe("a", ({ data }) => void got.push(text(data)));
    made.bus.publish("a", bytes("1"));
    await reached(() => expect(got).toEqual(["1"]));
    const stream = await made.bus.stream({ name: "S", subjects: ["s"] });
    expect(await stream.append("s", bytes("1"))).toEqual({ sequence: 1, duplicate: false });
    expect(made.errors).toEqual([]);
  });

  it.each<Case & { readonly told: RegExp }>([
    {
      name: "without a token",
      server: { authorization: { token: "s3cret" } },
      bus: {},
      told: /authorization violation/i,
    },
    {
      name: "with another token",
      server: { authorization: { token: "s3cret" } },
      bus: { credentials: { token: "gu3ss" } },
      told: /authorization violation/i,
    },
    {
      name: "with another password",
      server: { authorization: { user: "hg", password: "s3cret" } },
      bus: { credentials: { user: "hg", pass: "gu3ss" } },
      told: /authorization violation/i,
    },
    {
      name: "with the credentials of another operator",
      server: { more: operated.config },
      bus: { credentials: { creds: operatorMode().creds } },
      told: /authorization violation/i,
    },
    {
      name: "to a server of an authority that it does not trust",
      server: { tls: serverPem },
      bus: { tls: { ca: other.ca } },
      told: /certificate/i,
    },
    {
      name: "to a server with another's address",
      server: { tls: byName },
      bus: trusting,
      told: /IP: 127\.0\.0\.1 is not in the cert's list/,
    },
    {
      name: "to a server with another's name",
      server: { tls: byAddress },
      bus: trusting,
      host: "localhost",
      told: /Host: localhost\. is not cert/,
    },
    {
      name: "without a certificate where one is wanted",
      server: { tls: { ...serverPem, clientCa: ca } },
      bus: trusting,
      told: /certificate|closed|reset/i,
    },
    {
      name: "with a stranger's certificate",
      server: { tls: { ...serverPem, clientCa: ca } },
      bus: { tls: { ca, cert: stranger.cert, key: stranger.key } },
      told: /certificate|closed|reset/i,
    },
    {
      name: "to a server without TLS, when it wants TLS",
      server: {},
      bus: trusting,
      told: /the server has no tls/,
    },
  ])("is kept out, or stays out, $name", async ({ server, bus: options, host, told }) => {
    await using running = await startNats(server);
    const made = testBus(`${host ?? "127.0.0.1"}:${running.ports.client}`, options);
    await reached(() => expect(made.errors).not.toEqual([]));
    await reached(() => expect(made.errors.join("\n")).toMatch(told));
    expect(made.bus.status().connected).toBe(false);
    // Neither what we have nor what would have been right, and not again and again.
    expect(made.errors.join()).not.toMatch(/s3cret|gu3ss|BEGIN/);
    expect(made.errors.length).toBeLessThanOrEqual(2);
    await made.bus.close();
  });

  it("is told what it may not do, and goes on with the rest", async () => {
    const more = `authorization { users: [{user: hg, password: pw, permissions: {
      publish: ["headgate.core.mine", "_INBOX.>"], subscribe: ["headgate.core.mine", "_INBOX.>"]
    }}] }`;
    await using running = await startNats({ more });
    await using made = testBus(running.clientUrl, { credentials: { user: "hg", pass: "pw" } });
    const { bus, errors } = made;
    const got: string[] = [];
    bus.subscribe("mine", ({ data }) => void got.push(text(data)));
    bus.subscribe("yours", () => {});
    expect(await bus.reachable(10_000)).toBe(true);
    bus.publish("yours", bytes("1"));
    bus.publish("mine", bytes("1"));
    await reached(() => expect(got).toEqual(["1"]));
    await reached(() => expect(errors).toHaveLength(2));
    expect([...errors].sort()).toEqual([
      'Error: the NATS server reports: publish of "headgate.core.yours" is not permitted',
      'Error: the NATS server reports: subscription of "headgate.core.yours" is not permitted',
    ]);
  });
});

/** An operator with one account and one user of it, as `nsc` would make them. */
function operatorMode(): { readonly config: string; readonly creds: string } {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const system = nkeys.createAccount();
  const user = nkeys.createUser();
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const limits = {
    ...{ ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
    ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
  };
  type Keys = typeof operator;
  const jwt = (subject: Keys, issuer: Keys, nats: object): string => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const head = part({ typ: "JWT", alg: "ed25519-nkey" });
    const claims = { jti: "x", iat: 1, iss: issuer.getPublicKey(), sub: subject.getPublicKey() };
    const signed = `${head}.${part({ ...claims, name: "n", nats: { ...nats, version: 2 } })}`;
    const signature = Buffer.from(issuer.sign(new TextEncoder().encode(signed)));
    return `${signed}.${signature.toString("base64url")}`;
  };
  const accountJwt = jwt(account, operator, { type: "account", limits });
  const systemClaims = { type: "account", limits: { ...limits, disk_storage: 0, mem_storage: 0 } };
  const systemJwt = jwt(system, operator, systemClaims);
  const systemKey = system.getPublicKey();
  const config = [
    `operator: ${jwt(operator, operator, { type: "operator", system_account: systemKey })}`,
    `system_account: ${systemKey}`,
    "resolver: MEMORY",
    `resolver_preload: { ${account.getPublicKey()}: ${accountJwt}, ${systemKey}: ${systemJwt} }`,
  ].join("\n");
  const seed = new TextDecoder().decode(user.getSeed());
  const userJwt = jwt(user, account, { type: "user", ...unlimited });
  const block = (name: string, value: string) =>
    `-----BEGIN ${name}-----\n${value}\n------END ${name}------\n`;
  return { config, creds: `${block("NATS USER JWT", userJwt)}\n${block("USER NKEY SEED", seed)}` };
}
