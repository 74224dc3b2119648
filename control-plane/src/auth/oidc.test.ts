import { Code } from "@connectrpc/connect";
import type { OidcConfig } from "@headgate/config";
import { ManualClock, systemClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import {
  createSigningKey,
  type FakeIssuer,
  type IssuerAlgorithm,
  type IssuerBehaviour,
  startFakeIssuer,
} from "@headgate/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createOidcVerifier, looksLikeJwt, type OidcVerifier } from "./oidc.ts";

const { ADMIN, EDITOR, VIEWER, TEAM } = admin.Role;
const nowSeconds = () => Math.floor(Date.now() / 1_000);

let issuer: FakeIssuer;
beforeAll(async () => {
  issuer = await startFakeIssuer();
});
afterEach(() => {
  issuer.behaviour = "good";
});
afterAll(() => issuer[Symbol.asyncDispose]());

function verifierOf(
  more: Partial<OidcConfig> = {},
  clock: ManualClock | typeof systemClock = systemClock,
): OidcVerifier {
  return createOidcVerifier({
    issuer: issuer.url,
    audience: "headgate",
    nameClaim: "email",
    roleClaim: "groups",
    roles: [
      { value: "readers", role: "viewer" },
      { value: "team-a", role: "team", team: "research" },
      { value: "team-b", role: "team", team: "sales" },
      { value: "platform", role: "admin" },
      { value: "writers", role: "editor" },
    ],
    ...more,
    clock,
  });
}

describe("a token of the issuer", () => {
  const email = "alice@example.com";
  const long = { email, groups: ["readers"] };
  it.each([
    { name: "one group", claims: long, principal: { actor: `oidc ${email}`, role: VIEWER } },
    { name: "a group as text", claims: { groups: "writers" }, principal: { role: EDITOR } },
    {
      name: "several groups: the role that may do most",
      claims: { groups: ["x", "team-a", "readers", "platform", "writers"] },
      principal: { role: ADMIN },
    },
    {
      name: "several teams: the first of the settings",
      claims: { groups: ["team-b", "team-a"] },
      principal: { role: TEAM, team: "research" },
    },
    {
      name: "no name: the subject",
      claims: { groups: "readers" },
      principal: { actor: "oidc user-1" },
    },
    {
      name: "an address that nobody has checked: the subject",
      claims: { ...long, email_verified: false },
      principal: { actor: "oidc user-1" },
    },
    {
      name: "a name with line breaks",
      claims: { ...long, email: "root\nother: x" },
      principal: { actor: "oidc root?other:?x" },
    },
    {
      name: "several audiences, and ours the party",
      claims: { ...long, aud: ["account", "headgate"], azp: "headgate" },
      principal: { role: VIEWER },
    },
    {
      name: "one audience, and another party that had it made for us",
      claims: { ...long, azp: "some-cli" },
      principal: { role: VIEWER },
    },
    {
      name: "an end just passed, by a clock that is ahead",
      claims: { ...long, iat: nowSeconds() - 100, exp: nowSeconds() - 30 },
      principal: { role: VIEWER },
    },
    {
      name: "a beginning just ahead, by a clock that is behind",
      claims: { ...long, nbf: nowSeconds() + 30, iat: nowSeconds() + 30 },
      principal: { role: VIEWER },
    },
  ])("with $name stands for its holder", async ({ claims, principal }) => {
    expect(await verifierOf().verify(issuer.token({ claims }))).toMatchObject(principal);
  });

  it("is good until it ends, and a minute for clocks", async () => {
    const exp = nowSeconds() + 100;
    const token = issuer.token({ claims: { groups: "readers", exp } });
    expect((await verifierOf().verify(token)).expireTimeMs).toBe((exp + 60) * 1_000);
  });

  it("may be an access token (RFC 9068)", async () => {
    const token = issuer.token({ claims: { groups: "readers" }, header: { typ: "at+jwt" } });
    expect(await verifierOf().verify(token)).toMatchObject({ role: VIEWER });
  });

  it.each([
    { roleClaim: "realm_access.roles", claims: { realm_access: { roles: ["platform"] } } },
    { roleClaim: "https://x.example/roles", claims: { "https://x.example/roles": ["platform"] } },
  ])("may have its roles at $roleClaim", async ({ roleClaim, claims }) => {
    const verifier = verifierOf({ roleClaim });
    expect(await verifier.verify(issuer.token({ claims }))).toMatchObject({ role: ADMIN });
  });

  it.each<IssuerAlgorithm>(["PS256", "ES256", "ES384", "EdDSA"])(
    "may be signed by %s",
    async (alg) => {
      await using other = await startFakeIssuer(alg);
      const token = other.token({ claims: { groups: "readers" } });
      const verifier = verifierOf({ issuer: other.url });
      expect(await verifier.verify(token)).toMatchObject({ role: VIEWER });
    },
  );
});

describe("a token that is not good", () => {
  it("because its algorithm is not one of ours is refused", async () => {
    await using other = await startFakeIssuer("ES512");
    const token = other.token({ claims: { groups: "readers" } });
    await expect(verifierOf({ issuer: other.url }).verify(token)).rejects.toThrow(
      /must be signed with one of RS256, .*EdDSA/,
    );
  });

  const claims = { groups: "platform" };
  const strangers = createSigningKey();
  type Row = { name: string; token: () => string; says: string | RegExp };
  const rows: Row[] = [
    {
      name: "alg none",
      token: () => issuer.unsigned({ claims }),
      says: /must be signed with one of RS256/,
    },
    {
      name: "a MAC under the public key",
      token: () => issuer.signedWithPublicKey({ claims }),
      says: /must be signed with one of RS256/,
    },
    {
      name: "another audience",
      token: () => issuer.token({ claims: { ...claims, aud: "elsewhere" } }),
      says: "the OIDC token's aud must name headgate",
    },
    {
      name: "no audience",
      token: () => issuer.token({ claims: { ...claims, aud: undefined } }),
      says: "the OIDC token's aud must name headgate",
    },
    {
      name: "several audiences, for another party",
      token: () =>
        issuer.token({ claims: { ...claims, aud: ["other", "headgate"], azp: "other" } }),
      says: "the OIDC token is for several audiences, and its azp is not headgate",
    },
    {
      name: "several audiences, for nobody in particular",
      token: () => issuer.token({ claims: { ...claims, aud: ["other", "headgate"] } }),
      says: "the OIDC token is for several audiences, and its azp is not headgate",
    },
    {
      name: "another issuer",
      token: () => issuer.token({ claims: { ...claims, iss: "https://evil.example" } }),
      says: /iss must be http/,
    },
    {
      name: "an issuer that only begins like ours",
      token: () => issuer.token({ claims: { ...claims, iss: `${issuer.url}/` } }),
      says: /iss must be http/,
    },
    {
      name: "its end behind it",
      token: () => issuer.token({ claims: { ...claims, exp: nowSeconds() - 61 } }),
      says: "the OIDC token has expired",
    },
    {
      name: "no end",
      token: () => issuer.token({ claims: { ...claims, exp: undefined } }),
      says: "the OIDC token's exp is missing or wrong",
    },
    {
      name: "an end that is no time",
      token: () => issuer.token({ claims: { ...claims, exp: "9999999999" } }),
      says: "the OIDC token's exp is missing or wrong",
    },
    {
      name: "its beginning ahead of it",
      token: () => issuer.token({ claims: { ...claims, nbf: nowSeconds() + 90 } }),
      says: "the OIDC token's nbf is in the future: the token is not valid yet",
    },
    {
      name: "no time of issue",
      token: () => issuer.token({ claims: { ...claims, iat: undefined } }),
      says: "the OIDC token's iat is missing or wrong",
    },
    {
      name: "issued in the future",
      token: () => issuer.token({ claims: { ...claims, iat: nowSeconds() + 90 } }),
      says: "the OIDC token was issued in the future: check both clocks",
    },
    {
      name: "issued after its end",
      token: () =>
        issuer.token({ claims: { ...claims, iat: nowSeconds() + 5, exp: nowSeconds() - 5 } }),
      says: "the OIDC token was issued after its end",
    },
    {
      name: "no subject",
      token: () => issuer.token({ claims: { ...claims, sub: undefined } }),
      says: "the OIDC token's sub is missing or wrong",
    },
    {
      name: "a key that the issuer does not have",
      token: () => issuer.token({ claims, key: strangers }),
      says: "the OIDC token is signed with a key that the issuer does not have",
    },
    {
      name: "a forged signature",
      token: () => issuer.token({ claims, key: { ...strangers, kid: kidOfIssuer() } }),
      says: "the OIDC token's signature is wrong",
    },
    {
      name: "claims changed after it was signed",
      token: () => {
        const [header, , signature] = issuer.token({ claims: { groups: "readers" } }).split(".");
        return [header, issuer.token({ claims }).split(".")[1], signature].join(".");
      },
      says: "the OIDC token's signature is wrong",
    },
    {
      name: "a key of its own in its header",
      token: () =>
        issuer.token({
          claims,
          key: strangers,
          header: { jwk: strangers.publicKey.export({ format: "jwk" }), kid: undefined },
        }),
      says: "the OIDC token's signature is wrong",
    },
    {
      name: "another purpose",
      token: () => issuer.token({ claims, header: { typ: "logout+jwt" } }),
      says: "the OIDC token has a typ that is not for access",
    },
    {
      name: "a critical extension",
      token: () => issuer.token({ claims, header: { crit: ["x"], x: 1 } }),
      says: /^the OIDC token/,
    },
    { name: "no JSON in it", token: () => "a.b.c", says: "the OIDC token is not a valid JWT" },
  ];
  it.each(rows)("because of $name is refused", async ({ token, says }) => {
    const refused = verifierOf().verify(token());
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.toMatchObject({ name: "Refusal", code: Code.Unauthenticated });
  });

  it("because nothing of it has a role is refused as who it is", async () => {
    for (const groups of ["nobody", [], undefined, 7, { platform: true }]) {
      const token = issuer.token({ claims: { email: "eve@example.com", groups } });
      await expect(verifierOf().verify(token)).rejects.toMatchObject({
        code: Code.PermissionDenied,
        actor: "oidc eve@example.com",
        message: expect.stringContaining("has no role: no value of the claim groups"),
      });
    }
  });

  it("is never repeated in what is said of it", async () => {
    for (const { token } of rows) {
      const text = token();
      const error: unknown = await verifierOf()
        .verify(text)
        .catch((reason: unknown) => reason);
      for (const piece of text.split(".").filter(({ length }) => length > 8)) {
        expect(String(error)).not.toContain(piece);
      }
    }
  });

  const kidOfIssuer = () => issuer.keys[0]?.kid ?? "";
});

describe("the issuer's keys", () => {
  const good = { claims: { groups: "readers", iat: 0, exp: 4_000_000_000 } };

  it("are fetched once, however many tokens come at once", async () => {
    const verifier = verifierOf();
    const before = issuer.requests.length;
    await Promise.all(Array.from({ length: 20 }, () => verifier.verify(issuer.token(good))));
    expect(issuer.requests.slice(before)).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  it("are fetched anew for a new key, but not for every token of a stranger", async () => {
    await using rotating = await startFakeIssuer();
    const clock = new ManualClock();
    const verifier = verifierOf({ issuer: rotating.url }, clock);
    await verifier.verify(rotating.token(good));
    const stranger = createSigningKey();
    const fetches = () => rotating.requests.filter((path) => path === "/keys").length;
    for (let i = 0; i < 20; i++) {
      await expect(verifier.verify(rotating.token({ ...good, key: stranger }))).rejects.toThrow();
    }
    expect(fetches()).toBe(1);

    const next = createSigningKey("ES256");
    rotating.keys = [next, ...rotating.keys];
    await expect(verifier.verify(rotating.token(good))).rejects.toThrow(/does not have/);
    await clock.advance(30_000);
    expect(await verifier.verify(rotating.token(good))).toMatchObject({ role: VIEWER });
    expect(fetches()).toBe(2);
  });

  it("that were taken back are refused within ten minutes", async () => {
    await using rotating = await startFakeIssuer();
    const clock = new ManualClock();
    const verifier = verifierOf({ issuer: rotating.url }, clock);
    const stolen = rotating.token(good);
    await verifier.verify(stolen);
    rotating.keys = [createSigningKey()];
    await clock.advance(10 * 60_000);
    await expect(verifier.verify(stolen)).rejects.toThrow(/does not have/);
  });

  it("go on for a day while the issuer is down, which is asked every 30 seconds", async () => {
    const clock = new ManualClock();
    const verifier = verifierOf({}, clock);
    await verifier.verify(issuer.token(good));
    issuer.behaviour = "failing";
    const before = issuer.requests.length;
    await clock.advance(24 * 60 * 60_000 - 1);
    for (let i = 0; i < 5; i++) await verifier.verify(issuer.token(good));
    expect(issuer.requests.length - before).toBe(1);
    await clock.advance(30_000);
    await expect(verifier.verify(issuer.token(good))).rejects.toThrow(
      /^the keys of the OIDC issuer http:\S+ can't be had: .* the answer is 503$/,
    );
    issuer.behaviour = "good";
    await clock.advance(30_000);
    expect(await verifier.verify(issuer.token(good))).toMatchObject({ role: VIEWER });
  });

  it.each<{ behaviour: IssuerBehaviour; says: RegExp }>([
    { behaviour: "failing", says: /the answer is 503/ },
    { behaviour: "other issuer", says: /has another issuer: "https:\/\/evil.example"/ },
    { behaviour: "not json", says: /is not a JSON object/ },
    { behaviour: "no keys", says: /is not a JSON Web Key Set/ },
    { behaviour: "huge", says: /larger than 262144 bytes/ },
    { behaviour: "redirecting", says: /redirect/ },
    { behaviour: "plain keys elsewhere", says: /no jwks_uri, or one that is not https/ },
  ])("can't be had of an issuer that is $behaviour", async ({ behaviour, says }) => {
    issuer.behaviour = behaviour;
    const refused = verifierOf().verify(issuer.token(good));
    await expect(refused).rejects.toMatchObject({ name: "Refusal", code: Code.Unauthenticated });
    await expect(refused).rejects.toThrow(says);
  });

  it("are given up after five seconds of an issuer that says nothing; few wait", async () => {
    issuer.behaviour = "silent";
    const clock = new ManualClock();
    const verifier = verifierOf({}, clock);
    const waiting = Array.from({ length: 64 }, () =>
      verifier.verify(issuer.token(good)).catch((error: Error) => error.message),
    );
    await expect(verifier.verify(issuer.token(good))).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
    await clock.advance(5_000);
    for (const message of await Promise.all(waiting)) expect(message).toMatch(/no answer in time/);
    issuer.behaviour = "good";
    expect(await verifier.verify(issuer.token(good))).toMatchObject({ role: VIEWER });
  });

  it("can't be had of a machine that is not there", async () => {
    const verifier = verifierOf({ issuer: "http://127.0.0.1:1" });
    const token = issuer.token({ claims: { ...good.claims, iss: "http://127.0.0.1:1" } });
    await expect(verifier.verify(token)).rejects.toThrow(/can't be had: http:\S+: /);
  });
});

describe("looksLikeJwt()", () => {
  it.each([
    ["a.b.c", true],
    ["a.b.", true],
    ["a.b", false],
    ["a.b.c.d", false],
    ["a b.c.d", false],
    ["", false],
  ])("says of %j: %s", (text, expected) => {
    expect(looksLikeJwt(text)).toBe(expected);
  });
});
