import { Code, ConnectError } from "@connectrpc/connect";
import { systemClock } from "@headgate/core";
import type { admin } from "@headgate/proto";
import { type AdminClient, auditEntries } from "@headgate/sdk";
import { runHeadgate } from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import { byCertificate } from "./node-security/by-certificate.ts";
import { joining } from "./node-security/by-joining.ts";
import { streamsByToken } from "./node-security/by-token.ts";
import { createNodeKey } from "./node-security/raw-node.ts";
import type { Row } from "./node-security/row.ts";
import { settingsToken, startWorld, type World } from "./node-security/world.ts";

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
  await systemClock.sleep(110); // Ten a second are kept in the audit log.
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
