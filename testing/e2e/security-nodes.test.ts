import { createHmac, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { systemClock } from "@headgate/core";
import type { admin } from "@headgate/proto";
import { type AdminClient, auditEntries } from "@headgate/sdk";
import {
  type Authority,
  type CertificateRequest,
  createAuthority,
  runHeadgate,
  startControlPlane,
  temporaryFolder,
} from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import {
  type Claim,
  createNodeKey,
  type OpenStream,
  RawNode,
  type RawNodeKey,
} from "./raw-node.ts";
import { trustingClient } from "./trusting-client.ts";

const settingsToken = "join-token-of-the-settings-0123456789";

/** Shown to users in docs/operations/nodes.md: a row here is a row there. */
interface Row {
  readonly name: string;
  readonly refused: (world: World) => Promise<unknown>;
  readonly code: Code;
  readonly message: string | RegExp;
  readonly method: "StreamSnapshots" | "Join" | "IssueNodeToken";
  /** Whom the audit log names: a node only where it has proved that much. Default: anonymous. */
  readonly actor?: RegExp;
  /** The same with that one thing put right, or the row would prove nothing. */
  readonly letIn: (world: World) => Promise<unknown>;
}

const eu = (node: string): Claim => ({ node, region: "eu" });

const streamsByToken: readonly Row[] = [
  {
    name: "no token",
    refused: ({ node }) => node.stream(eu("eu-1")),
    code: Code.Unauthenticated,
    message: /^discovery needs a client certificate or a node token/,
    method: "StreamSnapshots",
    letIn: (world) => streamOf(world, world.joined()),
  },
  {
    name: "an admin token as node token",
    refused: ({ node, adminToken }) => node.stream(eu("eu-1"), adminToken),
    code: Code.Unauthenticated,
    message: "this node token is not valid, or has expired",
    method: "StreamSnapshots",
    letIn: ({ client }) => client.whoAmI({}),
  },
  {
    name: "the join token of the settings as node token",
    refused: ({ node }) => node.stream(eu("eu-1"), settingsToken),
    code: Code.Unauthenticated,
    message: "this node token is not valid, or has expired",
    method: "StreamSnapshots",
    letIn: (world) => streamOf(world, world.joined({ joinToken: settingsToken })),
  },
  {
    name: "a one-time join token as node token",
    refused: async ({ node, joinToken }) => node.stream(eu("eu-1"), await joinToken()),
    code: Code.Unauthenticated,
    message: "this node token is not valid, or has expired",
    method: "StreamSnapshots",
    letIn: (world) => streamOf(world, world.joined()),
  },
  {
    name: "a node token under another key",
    refused: async ({ node, joined }) => {
      const { claim, token } = await joined();
      return node.stream(claim, resigned(token));
    },
    code: Code.Unauthenticated,
    message: "this node token is not valid, or has expired",
    method: "StreamSnapshots",
    letIn: (world) => streamOf(world, world.joined()),
  },
  {
    name: "another node's name with its own token",
    refused: async ({ node, joined }) => node.stream(eu("victim"), (await joined()).token),
    code: Code.PermissionDenied,
    message: /^the node token is node node-\d+'s; it can't act for node victim$/,
    method: "StreamSnapshots",
    actor: /^node node-\d+$/,
    letIn: (world) => streamOf(world, world.joined()),
  },
  {
    name: "another region with its own token",
    refused: async ({ node, joined }) => {
      const { claim, token } = await joined();
      return node.stream({ ...claim, region: "us" }, token);
    },
    code: Code.PermissionDenied,
    message: "the node token is for region eu, not for region us",
    method: "StreamSnapshots",
    actor: /^node node-\d+$/,
    letIn: (world) => streamOf(world, world.joined()),
  },
];

const joining: readonly Row[] = [
  {
    name: "joining without a token",
    refused: (world) => joinAs(world, undefined),
    code: Code.Unauthenticated,
    message: "joining needs `Authorization: Bearer <join token>`",
    method: "Join",
    letIn: (world) => joinAs(world, settingsToken),
  },
  {
    name: "joining with an admin token",
    refused: (world) => joinAs(world, world.adminToken),
    code: Code.Unauthenticated,
    message: "joining needs `Authorization: Bearer <join token>`",
    method: "Join",
    letIn: (world) => joinAs(world, settingsToken),
  },
  {
    name: "a replayed join token",
    refused: async (world) => {
      const token = await world.joinToken();
      await joinAs(world, token);
      return joinAs(world, token);
    },
    code: Code.Unauthenticated,
    message: /^this join token was used before: make another/,
    method: "Join",
    letIn: async (world) => joinAs(world, await world.joinToken()),
  },
  {
    name: "an expired join token",
    refused: async (world) => {
      const expireMs = Date.now() + 400;
      const token = await world.joinToken({ expireTime: timestampFromMs(expireMs) });
      await systemClock.sleep(expireMs - Date.now() + 50);
      return joinAs(world, token);
    },
    code: Code.Unauthenticated,
    message: /^this join token has expired/,
    method: "Join",
    letIn: async (world) => {
      const expireTime = timestampFromMs(Date.now() + 60_000);
      return joinAs(world, await world.joinToken({ expireTime }));
    },
  },
  {
    name: "a deleted join token",
    refused: async (world) => {
      const { joinToken, token } = await world.client.createJoinToken({});
      await world.client.deleteJoinToken({ id: joinToken?.id ?? "" });
      return joinAs(world, token);
    },
    code: Code.Unauthenticated,
    message: /^this join token is not known/,
    method: "Join",
    letIn: async (world) => joinAs(world, (await world.client.createJoinToken({})).token),
  },
  {
    name: "a join token of another region",
    refused: async (world) => joinAs(world, await world.joinToken({ region: "us" })),
    code: Code.PermissionDenied,
    message: "this join token is for another region",
    method: "Join",
    letIn: async (world) => joinAs(world, await world.joinToken({ region: "eu" })),
  },
  {
    name: "a join token of another node",
    refused: async (world) => joinAs(world, await world.joinToken({ node: "other" })),
    code: Code.PermissionDenied,
    message: "this join token is for another node",
    method: "Join",
    letIn: async (world) => joinAs(world, await world.joinToken({ node: "this" }), "this"),
  },
  {
    name: "the name of a node that has joined, with another key",
    refused: async (world) => {
      const { claim } = await world.joined();
      return joinAs(world, await world.joinToken(), claim.node);
    },
    code: Code.AlreadyExists,
    message: /^node node-\d+ has joined with another key: delete it first/,
    method: "Join",
    letIn: async (world) => {
      const { claim } = await world.joined();
      return joinAs(world, await world.joinToken({ node: claim.node }), claim.node);
    },
  },
  {
    name: "an assertion signed by another key",
    refused: async ({ node, joined }) => {
      const { claim } = await joined();
      return node.issueNodeToken(createNodeKey().assertion(claim.node));
    },
    code: Code.Unauthenticated,
    message: "the assertion is refused: it is not the node's",
    method: "IssueNodeToken",
    letIn: async ({ node, joined }) => {
      const { claim, key } = await joined();
      return node.issueNodeToken(key.assertion(claim.node));
    },
  },
  {
    name: "an assertion that was used before",
    refused: async ({ node, joined }) => {
      const { claim, key } = await joined();
      const assertion = key.assertion(claim.node);
      await node.issueNodeToken(assertion);
      return node.issueNodeToken(assertion);
    },
    code: Code.Unauthenticated,
    message: "the assertion is refused: it was used before",
    method: "IssueNodeToken",
    letIn: async ({ node, joined }) => {
      const { claim, key } = await joined();
      await node.issueNodeToken(key.assertion(claim.node));
      return node.issueNodeToken(key.assertion(claim.node));
    },
  },
  {
    name: "an assertion of a node that never joined",
    refused: ({ node }) => node.issueNodeToken(createNodeKey().assertion("nobody")),
    code: Code.Unauthenticated,
    message: "this node is not known: it must join",
    method: "IssueNodeToken",
    letIn: async ({ node, joined }) => {
      const { claim, key } = await joined();
      return node.issueNodeToken(key.assertion(claim.node));
    },
  },
];

const good: CertificateRequest = {
  commonName: "eu-1",
  uris: ["spiffe://headgate/region/eu/node/eu-1"],
};
const dayMs = 86_400_000;

/** Each beside the good certificate, which is let in. */
const byCertificate: readonly Row[] = (
  [
    {
      name: "no certificate",
      shows: () => undefined,
      code: Code.Unauthenticated,
      message: /^discovery needs a client certificate or a node token/,
    },
    {
      name: "a certificate of another authority",
      shows: () => createAuthority("Somebody else").issue(good),
      code: Code.Unauthenticated,
      message: /^the client certificate of CN=eu-1 is refused: it is not signed by the client auth/,
    },
    {
      name: "a certificate of another authority, which it shows as well",
      shows: () => {
        const { cert, key, ca } = createAuthority("Somebody else").issue(good);
        return { cert: cert + ca, key };
      },
      code: Code.Unauthenticated,
      message: /^the client certificate of CN=eu-1 is refused: it is not signed by the client auth/,
    },
    {
      name: "an expired certificate",
      shows: (authority) =>
        authority.issue({
          ...good,
          notBefore: new Date(Date.now() - 2 * dayMs),
          notAfter: new Date(Date.now() - dayMs),
        }),
      code: Code.Unauthenticated,
      message: "the client certificate of CN=eu-1 is refused: it has expired",
    },
    {
      name: "a certificate that is not valid yet",
      shows: (authority) => authority.issue({ ...good, notBefore: new Date(Date.now() + dayMs) }),
      code: Code.Unauthenticated,
      message: "the client certificate of CN=eu-1 is refused: it is not valid yet",
    },
    {
      name: "a certificate for servers",
      shows: (authority) => authority.issue({ ...good, use: "server" }),
      code: Code.Unauthenticated,
      message: /^the client certificate of CN=eu-1 is refused: it is not for TLS clients/,
    },
    {
      name: "a certificate that names no node",
      shows: (authority) => authority.issue({ commonName: "eu-1" }),
      code: Code.Unauthenticated,
      message: "the client certificate has 0 SPIFFE ids, it must have one",
    },
    {
      name: "another node's name with its own certificate",
      shows: (authority) => authority.issue(good),
      says: { node: "eu-2", region: "eu" },
      code: Code.PermissionDenied,
      message: "the certificate is node eu-1's; it can't act for node eu-2",
      actor: /^node eu-1$/,
    },
    {
      name: "another region with its own certificate",
      shows: (authority) => authority.issue(good),
      says: { node: "eu-1", region: "us" },
      code: Code.PermissionDenied,
      message: "the certificate is for region eu, not for region us",
      actor: /^node eu-1$/,
    },
  ] satisfies readonly CertificateRow[]
).map(certificateRow);

interface CertificateRow extends Pick<Row, "name" | "code" | "message" | "actor"> {
  readonly shows: (authority: Authority) => { cert: string; key: string } | undefined;
  readonly says?: Claim;
}

function certificateRow({ shows, says = eu("eu-1"), ...row }: CertificateRow): Row {
  const stream = async (
    { grpcUrl, authority }: World,
    shown: ReturnType<typeof shows>,
    as: Claim,
  ) => {
    const { cert, key } = shown ?? {};
    using node = new RawNode(grpcUrl, {
      ca: authority.ca,
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
    return await node.stream(as);
  };
  return {
    ...row,
    method: "StreamSnapshots",
    refused: (world) => stream(world, shows(world.authority), says),
    letIn: (world) => stream(world, world.authority.issue(good), eu("eu-1")),
  };
}

describe("a node that shows a token", () => {
  const world = withWorld(`node_auth: {join_token: ${settingsToken}}`);

  it.each([...streamsByToken, ...joining])("$name: refused, audited", (row) => check(world(), row));

  it("is cut off when it is deleted, gets no new token, and is audited; then joins again", async () => {
    const { client, node, joined, joinToken } = world();
    const { claim, key, token } = await joined();
    const stream = await node.stream(claim, token);
    await client.deleteNode({ name: claim.node });
    await expect(stream.ended).rejects.toMatchObject({ code: Code.Unauthenticated });

    const again = { actor: new RegExp(`^node ${claim.node}$`), code: Code.Unauthenticated };
    await expectRefusal(world(), () => node.stream(claim, token), {
      ...again,
      message: `node ${claim.node} was deleted: it must join again`,
      method: "StreamSnapshots",
    });
    await expectRefusal(world(), () => node.issueNodeToken(key.assertion(claim.node)), {
      code: Code.Unauthenticated,
      message: "this node is not known: it must join",
      method: "IssueNodeToken",
    });
    await node.stream(claim, await node.join({ ...claim, ...key }, await joinToken()));
  });

  it("is cut off when another key takes its name", async () => {
    const { node, joined, joinToken } = world();
    const { claim, token } = await joined();
    const stream = await node.stream(claim, token);
    const { publicKey } = createNodeKey();
    await node.join({ ...claim, publicKey }, await joinToken({ node: claim.node }));
    await expect(stream.ended).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it("is in `headgate audit` when it was refused", async () => {
    const { url, adminToken, folder } = world();
    const env = { HEADGATE_SERVER: url, HEADGATE_ADMIN_TOKEN: adminToken };
    const args = ["audit", "--filter", "outcome = denied", "--limit", "1000"];
    const { code, output } = await runHeadgate(args, { folder, env });
    expect(code).toBe(0);
    for (const { message, method } of [...streamsByToken, ...joining]) {
      const lines = output.split("\n").filter((line) => line.includes(method));
      expect(lines.some((line) => isIn(line, message))).toBe(true);
    }
    expect(output).not.toMatch(/hgj_|eyJ|join-token-of-the-settings/);
  });
});

describe("a node that shows a certificate", () => {
  const world = withWorld("tls: {cert: server.pem, key: server.key, client_ca: ca.pem}");
  it.each(byCertificate)("$name: refused, audited", (row) => check(world(), row));
});

async function check(world: World, row: Row): Promise<void> {
  await expectRefusal(world, () => row.refused(world), row);
  await row.letIn(world);
}

async function expectRefusal(
  { client }: World,
  act: () => Promise<unknown>,
  { code, message, method, actor = /^anonymous$/ }: Omit<Row, "name" | "refused" | "letIn">,
): Promise<void> {
  const before = await newestRefusal(client);
  const failure = await act().then(
    () => undefined,
    (error: unknown) => error,
  );
  const text = typeof message === "string" ? message : expect.stringMatching(message);
  expect(failure).toBeInstanceOf(ConnectError);
  expect(failure).toMatchObject({ code, rawMessage: text });
  const { rawMessage } = ConnectError.from(failure);
  const entry = await eventually(async () => {
    const newest = await newestRefusal(client);
    if (newest && newest.id !== before?.id) return newest;
    throw new Error("the refusal is not in the audit log");
  });
  expect(entry).toMatchObject({
    actor: expect.stringMatching(actor),
    method,
    address: "127.0.0.1",
    message: expect.stringContaining(rawMessage),
  });
}

/** Its words, somewhere in the line. */
function isIn(line: string, message: string | RegExp): boolean {
  if (typeof message === "string") return line.includes(message);
  return new RegExp(message.source.replace(/^\^|\$$/g, "")).test(line);
}

async function newestRefusal(client: AdminClient): Promise<admin.AuditEntry | undefined> {
  const query = { filter: "outcome = denied", pageSize: 1 };
  for await (const entry of auditEntries(client, query)) return entry;
  return undefined;
}

interface Joined {
  readonly claim: Claim;
  readonly key: RawNodeKey;
  readonly token: string;
}

interface World {
  readonly client: AdminClient;
  readonly url: string;
  readonly grpcUrl: string;
  readonly adminToken: string;
  readonly folder: string;
  readonly authority: Authority;
  /** A connection that shows no certificate. */
  readonly node: RawNode;
  readonly joinToken: (wanted?: JoinTokenWanted) => Promise<string>;
  /** A new node of region eu, let in. */
  readonly joined: (options?: { readonly joinToken?: string }) => Promise<Joined>;
}

type JoinTokenWanted = Partial<Pick<admin.JoinToken, "region" | "node" | "expireTime" | "usesMax">>;

/** A control plane for the tests of one describe(). */
function withWorld(settings: string): () => World {
  const stack = new AsyncDisposableStack();
  let world: World | undefined;
  beforeAll(async () => {
    world = await startWorld(settings, stack);
  });
  afterAll(() => stack.disposeAsync());
  return () => {
    if (!world) throw new Error("the control plane did not start");
    return world;
  };
}

async function startWorld(settings: string, stack: AsyncDisposableStack): Promise<World> {
  const folder = stack.use(temporaryFolder()).path;
  const authority = createAuthority();
  const server = authority.issue({ commonName: "control plane", use: "server" });
  writeFileSync(join(folder, "server.pem"), server.cert);
  writeFileSync(join(folder, "server.key"), server.key);
  writeFileSync(join(folder, "ca.pem"), authority.ca);
  const config = `
region: eu
listen: {admin: "127.0.0.1:0", grpc: "127.0.0.1:0"}
data_dir: ./data
${settings}
`;
  const plane = stack.use(await startControlPlane({ config, folder }));
  const client = trustingClient(plane, authority);
  const node = stack.use(new RawNode(plane.grpcUrl, { ca: authority.ca }));
  const joinToken = async (wanted: JoinTokenWanted = {}) =>
    (await client.createJoinToken({ joinToken: wanted })).token;
  let nodes = 0;
  const joined = async (options: { readonly joinToken?: string } = {}): Promise<Joined> => {
    nodes += 1;
    const claim = eu(`node-${nodes}`);
    const key = createNodeKey();
    const token = await node.join({ ...claim, ...key }, options.joinToken ?? (await joinToken()));
    return { claim, key, token };
  };
  const { adminUrl: url, grpcUrl, adminToken } = plane;
  return { client, url, grpcUrl, adminToken, folder, authority, node, joinToken, joined };
}

async function streamOf({ node }: World, joined: Promise<Joined>): Promise<OpenStream> {
  const { claim, token } = await joined;
  return await node.stream(claim, token);
}

/** With a new key, and by default a new name. */
function joinAs(
  { node }: World,
  token: string | undefined,
  name = `joining-${randomUUID()}`,
): Promise<string> {
  return node.join({ ...eu(name), publicKey: createNodeKey().publicKey }, token);
}

/** The same claims, signed as somebody would who has not the key. */
function resigned(token: string): string {
  const text = token.slice(0, token.lastIndexOf("."));
  const signature = createHmac("sha256", "guessed").update(text).digest("base64url");
  return `${text}.${signature}`;
}
