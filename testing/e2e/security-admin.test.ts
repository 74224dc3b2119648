import { systemClock } from "@headgate/core";
import {
  createSigningKey,
  type FakeIssuer,
  startControlPlane,
  startFakeIssuer,
} from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import type { Caller, Failure, Json, Outcome } from "./transports/caller.ts";
import { fetchCaller } from "./transports/fetch-caller.ts";
import { grpcJsFromFiles } from "./transports/grpc-js-caller.ts";
import { reflect } from "./transports/reflect.ts";

const rootToken = "root-token-of-the-security-table";

/** All that somebody may try with: made before the table is run. */
interface World {
  readonly issuer: FakeIssuer;
  readonly grpcUrl: string;
  readonly tokens: Readonly<Record<"editor" | "viewer" | "team" | "expired" | "deleted", string>>;
}

interface Attempt {
  readonly name: string;
  /** Nothing: no token at all. */
  readonly token?: (world: World) => string;
  readonly method?: string;
  readonly request?: Json;
  readonly code: "unauthenticated" | "permission_denied" | "not_found";
  readonly message: string | RegExp;
  /** Whom the audit log names. */
  readonly actor: string;
}

const platform = { claims: { email: "eve@example.com", groups: ["platform"] } };
const nowSeconds = Math.floor(Date.now() / 1_000);

/** Shown to users in docs/operations/access.md: a row here is a row there. */
const attempts: readonly Attempt[] = [
  {
    name: "no token",
    code: "unauthenticated",
    message: /^the admin API needs `Authorization: Bearer <token>`: the root token/,
    actor: "anonymous",
  },
  {
    name: "a wrong token",
    token: () => "not-the-root-token",
    code: "unauthenticated",
    message: "the token is not one of this control plane's",
    actor: "anonymous",
  },
  {
    name: "an unknown admin token",
    token: () => `hgt_${"A".repeat(43)}`,
    code: "unauthenticated",
    message: "the admin token is unknown, or was deleted",
    actor: "anonymous",
  },
  {
    name: "an expired admin token",
    token: ({ tokens }) => tokens.expired,
    code: "unauthenticated",
    message: /^the admin token expired at 20/,
    actor: "token expired",
  },
  {
    name: "a deleted admin token",
    token: ({ tokens }) => tokens.deleted,
    code: "unauthenticated",
    message: "the admin token is unknown, or was deleted",
    actor: "anonymous",
  },
  {
    name: "a key of the data plane",
    token: () => "sk-hg-0123456789abcdefghijklmnopqrstuv",
    code: "unauthenticated",
    message: "the token is not one of this control plane's",
    actor: "anonymous",
  },
  ...wrongRole("editor", ["CreateAdminToken", "ListAdminTokens", "DeleteAdminToken"]),
  ...wrongRole("editor", ["ListAuditEntries", "CreateJoinToken", "DeleteNode", "ResealSecrets"]),
  ...wrongRole("viewer", ["CreateKey", "UpdateModel", "DeleteTeam", "RotateKey", "Apply"]),
  ...wrongRole("viewer", ["ListAuditEntries", "ListAdminTokens", "GetSecretsStatus"]),
  ...wrongRole("team", ["ListProviders", "CreateModel", "DeleteTeam", "Apply", "ListNodes"]),
  ...wrongRole("team", ["GetStatus", "ListAuditEntries", "CreateAdminToken"]),
  {
    name: "another team's key, to write",
    token: ({ tokens }) => tokens.team,
    method: "CreateKey",
    request: { key: { name: "mine", team: "sales" } },
    code: "permission_denied",
    message: /team research/,
    actor: "token team",
  },
  {
    name: "OIDC: alg none",
    token: ({ issuer }) => issuer.unsigned(platform),
    code: "unauthenticated",
    message: /^the OIDC token must be signed with one of RS256/,
    actor: "anonymous",
  },
  {
    name: "OIDC: HS256 under the public key",
    token: ({ issuer }) => issuer.signedWithPublicKey(platform),
    code: "unauthenticated",
    message: /^the OIDC token must be signed with one of RS256/,
    actor: "anonymous",
  },
  {
    name: "OIDC: a wrong audience",
    token: ({ issuer }) => issuer.token({ claims: { ...platform.claims, aud: "elsewhere" } }),
    code: "unauthenticated",
    message: "the OIDC token's aud must name headgate",
    actor: "anonymous",
  },
  {
    name: "OIDC: a wrong issuer",
    token: ({ issuer }) =>
      issuer.token({ claims: { ...platform.claims, iss: "https://evil.example" } }),
    code: "unauthenticated",
    message: /^the OIDC token's iss must be http/,
    actor: "anonymous",
  },
  {
    name: "OIDC: expired",
    token: ({ issuer }) =>
      issuer.token({ claims: { ...platform.claims, exp: nowSeconds - 3_600 } }),
    code: "unauthenticated",
    message: "the OIDC token has expired",
    actor: "anonymous",
  },
  {
    name: "OIDC: not valid yet",
    token: ({ issuer }) =>
      issuer.token({ claims: { ...platform.claims, nbf: nowSeconds + 3_600 } }),
    code: "unauthenticated",
    message: /not valid yet$/,
    actor: "anonymous",
  },
  {
    name: "OIDC: an unknown key",
    token: ({ issuer }) => issuer.token({ ...platform, key: createSigningKey() }),
    code: "unauthenticated",
    message: "the OIDC token is signed with a key that the issuer does not have",
    actor: "anonymous",
  },
  {
    name: "OIDC: a forged signature",
    token: ({ issuer }) => {
      const kid = issuer.keys[0]?.kid ?? "";
      return issuer.token({ ...platform, key: { ...createSigningKey(), kid } });
    },
    code: "unauthenticated",
    message: "the OIDC token's signature is wrong",
    actor: "anonymous",
  },
  {
    name: "OIDC: nobody who has a role",
    token: ({ issuer }) => issuer.token({ claims: { email: "eve@example.com", groups: ["x"] } }),
    code: "permission_denied",
    message: /^oidc eve@example.com has no role/,
    actor: "oidc eve@example.com",
  },
  {
    name: "OIDC: a role that may not",
    token: ({ issuer }) =>
      issuer.token({ claims: { email: "eve@example.com", groups: ["readers"] } }),
    method: "CreateTeam",
    request: { team: { name: "x" } },
    code: "permission_denied",
    message: "the role viewer may not call CreateTeam: that takes the role admin or editor",
    actor: "oidc eve@example.com",
  },
];

/** A role, and methods that it may not call: refused before a byte of the request is read. */
function wrongRole(role: "editor" | "viewer" | "team", methods: readonly string[]): Attempt[] {
  return methods.map((method) => ({
    name: `role ${role}: ${method}`,
    token: ({ tokens }: World) => tokens[role],
    method,
    code: "permission_denied" as const,
    message: new RegExp(`^the role ${role} may not call ${method}: that takes the role admin`),
    actor: `token ${role}`,
  }));
}

describe.each([
  { transport: "JSON over HTTP/1.1", connect: fetchCaller.connect },
  { transport: "gRPC", connect: grpcJsFromFiles.connect },
])("refused, and audited, by $transport", ({ connect }) => {
  let caller: Caller;
  beforeAll(async () => {
    caller = await connect({ adminUrl: plane.adminUrl, grpcUrl: plane.grpcUrl, rootToken });
  });
  afterAll(() => caller.close());

  it.each(attempts)("$name", async ({ token, method = "ListTeams", request = {}, ...expected }) => {
    const { code, message, actor } = expected;
    await pauseForAudit();
    const before = await newestEntryId();
    const outcome = await caller.call(method, request, token?.(plane.world));
    expect(outcome).toMatchObject({ code, message: textLike(message) });
    const entry = await refusalAfter(before, method);
    expect(entry).toMatchObject({
      actor,
      method,
      address: "127.0.0.1",
      outcome: "AUDIT_OUTCOME_DENIED",
      message: (outcome as Failure).message,
    });
    if (token) expect(JSON.stringify(entry)).not.toContain(token(plane.world));
  });
});

describe("refused, and audited", () => {
  it.each([
    { name: "reflection without a token", token: undefined, code: 16 },
    { name: "reflection with a wrong token", token: "wrong", code: 16 },
  ])("$name", async ({ token, code }) => {
    const before = await newestEntryId();
    const questions = [{ case: "listServices", value: "" } as const];
    const asking = reflect(plane.grpcUrl, { questions, ...(token !== undefined && { token }) });
    await expect(asking).rejects.toMatchObject({ code });
    expect(await refusalAfter(before, "ServerReflectionInfo")).toMatchObject({
      actor: "anonymous",
      outcome: "AUDIT_OUTCOME_DENIED",
    });
  });

  it("what a team's token may not see is not there for it", async () => {
    const { team } = plane.world.tokens;
    const caller = await rootCaller();
    answerOf(await caller.call("CreateKey", { key: { name: "theirs", team: "sales" } }, rootToken));
    expect(await caller.call("GetKey", { name: "theirs" }, team)).toMatchObject({
      code: "not_found",
    });
    expect(answerOf(await caller.call("ListKeys", {}, team))["keys"]).toBeUndefined();
    expect(await caller.call("RevokeKey", { name: "theirs" }, team)).toHaveProperty("code");
    expect(answerOf(await caller.call("GetKey", { name: "theirs" }, rootToken))).not.toHaveProperty(
      "revokeTime",
    );
  });
});

// Without these, the table would prove nothing.
describe("let in", () => {
  it.each<{ name: string; token: (world: World) => string; role: string; method: string }>([
    {
      name: "the root token",
      token: () => rootToken,
      role: "ROLE_ADMIN",
      method: "ListAdminTokens",
    },
    { name: "an editor", token: (w) => w.tokens.editor, role: "ROLE_EDITOR", method: "ListNodes" },
    { name: "a viewer", token: (w) => w.tokens.viewer, role: "ROLE_VIEWER", method: "ListKeys" },
    { name: "a team", token: (w) => w.tokens.team, role: "ROLE_TEAM", method: "ListModels" },
    {
      name: "a token of the issuer",
      token: (w) => w.issuer.token(platform),
      role: "ROLE_ADMIN",
      method: "ListAuditEntries",
    },
  ])("$name", async ({ token, role, method }) => {
    const caller = await rootCaller();
    const bearer = token(plane.world);
    expect(answerOf(await caller.call("WhoAmI", {}, bearer))).toMatchObject({ role });
    answerOf(await caller.call(method, {}, bearer));
    expect(await reflect(plane.grpcUrl, { questions: [], token: bearer })).toEqual([]);
  });
});

let plane: { adminUrl: string; grpcUrl: string; world: World } & AsyncDisposable;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane[Symbol.asyncDispose]());

async function startPlane(): Promise<typeof plane> {
  const stack = new AsyncDisposableStack();
  const issuer = stack.use(await startFakeIssuer());
  const config = `
region: test
listen: {admin: "127.0.0.1:0", grpc: "127.0.0.1:0"}
data_dir: ./data
oidc:
  issuer: ${issuer.url}
  audience: headgate
  roles:
    - {value: platform, role: admin}
    - {value: readers, role: viewer}
`;
  const env = { HEADGATE_ADMIN_TOKEN: rootToken };
  const { adminUrl, grpcUrl } = stack.use(await startControlPlane({ config, env }));
  const caller = await fetchCaller.connect({ adminUrl, grpcUrl, rootToken });
  const tokens = await makeTokens(caller);
  const dispose = () => stack.disposeAsync();
  return { adminUrl, grpcUrl, world: { issuer, grpcUrl, tokens }, [Symbol.asyncDispose]: dispose };
}

async function makeTokens(caller: Caller): Promise<World["tokens"]> {
  for (const name of ["research", "sales"]) {
    answerOf(await caller.call("CreateTeam", { team: { name } }, rootToken));
  }
  const make = async (name: string, more: Json): Promise<string> => {
    const request = { adminToken: { name, ...more } };
    return String(answerOf(await caller.call("CreateAdminToken", request, rootToken))["token"]);
  };
  const soon = new Date(Date.now() + 300).toISOString();
  const tokens = {
    editor: await make("editor", { role: "ROLE_EDITOR" }),
    viewer: await make("viewer", { role: "ROLE_VIEWER" }),
    team: await make("team", { role: "ROLE_TEAM", team: "research" }),
    expired: await make("expired", { role: "ROLE_ADMIN", expireTime: soon }),
    deleted: await make("deleted", { role: "ROLE_ADMIN" }),
  };
  answerOf(await caller.call("WhoAmI", {}, tokens.deleted));
  answerOf(await caller.call("DeleteAdminToken", { name: "deleted" }, rootToken));
  await eventually(async () => {
    expect(await caller.call("WhoAmI", {}, tokens.expired)).toHaveProperty("code");
  });
  return tokens;
}

function rootCaller(): Promise<Caller> {
  const { adminUrl, grpcUrl } = plane;
  return fetchCaller.connect({ adminUrl, grpcUrl, rootToken });
}

async function entries(request: Json): Promise<readonly Json[]> {
  const caller = await rootCaller();
  const answer = answerOf(await caller.call("ListAuditEntries", request, rootToken));
  return (answer["entries"] ?? []) as Json[]; // As admin.proto has it.
}

async function newestEntryId(): Promise<unknown> {
  const [newest] = await entries({ pageSize: 1 });
  return newest?.["id"];
}

/** The entry of a refusal is written a moment after it was answered. */
async function refusalAfter(newestBefore: unknown, method: string): Promise<Json> {
  return await eventually(async () => {
    const [newest] = await entries({ pageSize: 1, filter: `method = "${method}"` });
    if (newest && newest["id"] !== newestBefore) return newest;
    throw new Error(`there is no entry of the refusal of ${method}`);
  });
}

/** Ten refusals a second are kept in the audit log: the table stays below that. */
async function pauseForAudit(): Promise<void> {
  await systemClock.sleep(110);
}

function answerOf(outcome: Outcome): Json {
  if ("answer" in outcome) return outcome.answer;
  throw new Error(`${outcome.code}: ${outcome.message}`);
}

function textLike(message: string | RegExp): unknown {
  return typeof message === "string" ? message : expect.stringMatching(message);
}
