import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ManualClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import { type TestControlPlane, testControlPlane } from "../testing/test-control-plane.ts";
import { TestNode } from "../testing/test-node.ts";

let plane: TestControlPlane;
const nodes: TestNode[] = [];
beforeEach(async () => {
  plane = await testControlPlane();
});
afterEach(async () => {
  for (const node of nodes.splice(0)) node.stop();
  await plane[Symbol.asyncDispose]();
});

const transports: { name: string; connect: () => Transport }[] = [
  {
    name: "gRPC over HTTP/2",
    connect: () => createGrpcTransport({ baseUrl: plane.grpcAddress?.url ?? "" }),
  },
  {
    name: "Connect over HTTP/2",
    connect: () =>
      createConnectTransport({ baseUrl: plane.grpcAddress?.url ?? "", httpVersion: "2" }),
  },
  {
    name: "Connect with JSON over HTTP/2",
    connect: () =>
      createConnectTransport({
        baseUrl: plane.grpcAddress?.url ?? "",
        httpVersion: "2",
        useBinaryFormat: false,
      }),
  },
  { name: "memory", connect: () => plane.transport },
];

function open(
  transport: Transport,
  options: ConstructorParameters<typeof TestNode>[1] = {},
): TestNode {
  const node = new TestNode(transport, options);
  nodes.push(node);
  return node;
}

function api() {
  return createClient(admin.AdminService, plane.transport);
}

describe.each(transports)("StreamSnapshots over $name", ({ connect }) => {
  it("sends everything, then deltas, and resumes where the node was", async () => {
    await api().createTeam({ team: { name: "a" } });
    const node = open(connect());
    expect((await node.next()).fromVersion).toBe(0n);
    expect(node.names).toEqual(["settings/default", "team/a"]);

    await api().createTeam({ team: { name: "b" } });
    expect((await node.next()).upserts).toHaveLength(1);
    await api().deleteTeam({ name: "a" });
    expect((await node.next()).removed).toMatchObject([{ kind: "team", name: "a" }]);
    node.stop();

    await api().createTeam({ team: { name: "c" } });
    const again = open(connect(), { from: node });
    const delta = await again.next();
    expect(delta).toMatchObject({ fromVersion: node.version, removed: [] });
    expect(delta.upserts.map((one) => one.resource.value)).toMatchObject([{ name: "c" }]);
    expect(again.names).toEqual(["settings/default", "team/b", "team/c"]);
  });

  it("ends the session when the node goes away", async () => {
    const node = open(connect());
    await node.next();
    expect((await api().listNodes({})).nodes).toMatchObject([{ state: admin.NodeState.CONNECTED }]);
    node.stop();
    await expect
      .poll(async () => (await api().listNodes({})).nodes)
      .toMatchObject([{ name: "node-1", region: "test", state: admin.NodeState.DISCONNECTED }]);
  });
});

describe("StreamSnapshots", () => {
  it("sends a full snapshot to a node whose state hash differs", async () => {
    const node = open(plane.transport);
    await node.next();
    const other = open(plane.transport, { resume: { version: node.version, stateHash: 1n } });
    expect((await other.next()).fromVersion).toBe(0n);
  });

  it("resumes a node at a replica that has just begun, if nothing has changed", async () => {
    const node = open(plane.transport);
    await node.next();
    // Something else is written, so that the store's revision goes on.
    const other = { type: "put", key: "/elsewhere", value: new Uint8Array(1) } as const;
    await plane.store.transact({ writes: [other] });
    await using begun = await testControlPlane({ store: plane.store });
    const again = open(begun.transport, { from: node });
    const answer = await again.next();
    expect(answer).toMatchObject({ fromVersion: node.version, upserts: [], removed: [] });
    expect(answer.version).toBeGreaterThan(node.version);
  });

  it("answers a node that is up to date with an empty delta", async () => {
    const node = open(plane.transport);
    await node.next();
    const again = open(plane.transport, { from: node });
    const answer = await again.next();
    expect(answer).toMatchObject({ fromVersion: node.version, version: node.version, upserts: [] });
  });

  it("keeps a node that refuses on what it has, says so, and mends it with the next change", async () => {
    const node = open(plane.transport);
    await node.next();
    const before = node.version;
    await api().createTeam({ team: { name: "poison" } });
    const refused = await node.receive();
    node.refuse(refused, ["team/poison"], { message: "x".repeat(5000) });
    await expect
      .poll(async () => (await api().listNodes({})).nodes[0]?.lastNack?.version)
      .toBe(refused.version);
    const [listed] = (await api().listNodes({})).nodes;
    expect(listed?.appliedVersion).toBe(before);
    expect(listed?.currentVersion).toBe(refused.version);
    expect(listed?.lastNack?.rejected[0]?.message).toHaveLength(1024);
    expect(listed?.heldBack).toMatchObject([{ kind: "team", name: "poison" }]);
    expect(await node.next()).toMatchObject({ fromVersion: before, upserts: [], removed: [] });

    await api().createTeam({ team: { name: "good" } });
    await node.next();
    expect(node.names).toEqual(["settings/default", "team/good"]);
    await api().deleteTeam({ name: "poison" });
    await api().createTeam({ team: { name: "poison" } });
    const mended = await node.next();
    expect(node.names).toContain("team/poison");
    await expect
      .poll(async () => (await api().listNodes({})).nodes[0])
      .toMatchObject({ appliedVersion: mended.version });
    expect((await api().listNodes({})).nodes[0]?.lastNack).toBeUndefined();
  });

  it("has one delta in flight, and merges what changes meanwhile", async () => {
    const node = open(plane.transport);
    await node.next();
    await api().createTeam({ team: { name: "first" } });
    const slow = await node.receive();
    for (const name of ["a", "b", "c"]) await api().createTeam({ team: { name } });
    await api().deleteTeam({ name: "a" });
    node.send({ case: "ack", value: { nonce: "stale", version: 1n } as never });
    node.accept(slow);
    const merged = await node.next();
    expect(merged.upserts.map((one) => one.resource.value)).toMatchObject([
      { name: "b" },
      { name: "c" },
    ]);
    expect(merged.removed).toMatchObject([{ kind: "team", name: "a" }]);
  });

  it("feeds 1,000 keys made at once in a few deltas", async () => {
    const node = open(plane.transport);
    await node.next();
    const keys = Array.from({ length: 1000 }, (_, n) => ({
      name: `key-${n}`,
      secret: `sk-test-key-number-${n}`,
    }));
    const { changes } = await api().apply({ resources: { keys } });
    expect(changes).toHaveLength(1000);
    let deltas = 0;
    while (node.resources.size < 1001) {
      await node.next();
      deltas += 1;
    }
    expect(deltas).toBeLessThanOrEqual(10);
    const late = open(plane.transport, { name: "late" });
    expect((await late.next()).upserts).toHaveLength(1001);
  });

  it.each([
    { name: "an ACK before hello", message: { case: "ack", value: { nonce: "1", version: 1n } } },
    { name: "a second hello", message: { case: "hello", value: { node: "n" } }, after: true },
    { name: "an empty message", message: { case: undefined } },
    { name: "a bad node name", message: { case: "hello", value: { node: "a b" } } },
  ])("ends the stream at $name", async ({ message, after }) => {
    const transport = plane.transport;
    const { discovery } = await import("@headgate/proto");
    const client = createClient(discovery.DiscoveryService, transport);
    async function* requests() {
      if (after) yield { message: { case: "hello" as const, value: { node: "n" } } };
      yield { message } as never;
    }
    const responses = client.streamSnapshots(requests());
    await expect(Array.fromAsync(responses)).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  it("lets the newest stream of a node win", async () => {
    const old = open(plane.transport);
    await old.next();
    const newer = open(plane.transport);
    await newer.next();
    await expect(old.receive()).rejects.toMatchObject({ code: Code.Aborted });
    const { nodes: listed } = await api().listNodes({});
    expect(listed).toMatchObject([{ name: "node-1", state: admin.NodeState.CONNECTED }]);
  });

  it("tells its nodes when it stops", async () => {
    const node = open(createGrpcTransport({ baseUrl: plane.grpcAddress?.url ?? "" }));
    await node.next();
    const [ending] = await Promise.all([node.receive().catch((error) => error), plane.stop()]);
    expect(ending).toMatchObject({ code: Code.Unavailable });
  });

  it.each([
    { name: "no token", headers: {} },
    { name: "the wrong token", headers: { authorization: "Bearer nonsense" } },
  ])("refuses nodes with $name when there is a join token", async ({ headers }) => {
    await using guarded = await testControlPlane({ joinToken: "join-token-of-the-tests" });
    const baseUrl = guarded.grpcAddress?.url ?? "";
    const node = open(createGrpcTransport({ baseUrl }), { headers });
    await expect(node.receive()).rejects.toMatchObject({ code: Code.Unauthenticated });
  });
});

describe("StreamSnapshots with a clock of its own", () => {
  it("waits for quiet, at most so long, and not at all when a key is revoked", async () => {
    const clock = new ManualClock();
    await using own = await testControlPlane({ clock, listen: {} });
    const client = createClient(admin.AdminService, own.transport);
    const node = open(own.transport);
    await node.next();
    await client.createKey({ key: { name: "k", secret: "sk-test-1234567890" } });
    const delta = node.receive();
    let arrived = false;
    void delta.then(() => {
      arrived = true;
    });
    // Something new every 40 ms: it is never quiet for 50 ms, so it takes the full 500 ms.
    for (let n = 0; n < 12; n++) {
      await clock.advance(40);
      await client.createTeam({ team: { name: `t${n}` } });
    }
    await clock.advance(15);
    expect(arrived).toBe(false);
    await clock.advance(10);
    node.accept(await delta);
    expect(node.names).toHaveLength(14);

    await client.revokeKey({ name: "k" });
    expect((await node.next()).upserts[0]?.resource.value).toMatchObject({ name: "k" });
    await client.rotateKey({ name: "k" }).catch(() => undefined);
    await client.createKey({ key: { name: "k2", secret: "sk-test-2234567890" } });
    await client.rotateKey({ name: "k2" });
    node.accept(await node.receive());
    await client.deleteKey({ name: "k2" });
    expect((await node.next()).removed).toMatchObject([{ name: "k2" }]);
  });

  it("drops a node that does not answer for 30 s", async () => {
    const clock = new ManualClock();
    await using own = await testControlPlane({ clock, listen: {} });
    const node = open(own.transport);
    await node.receive();
    const failure = node.receive().catch((error) => error);
    await clock.advance(29_000);
    await clock.advance(1_001);
    expect(await failure).toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("turns away more nodes than it serves", async () => {
    await using own = await testControlPlane({ nodesMax: 1, listen: {} });
    const first = open(own.transport);
    await first.next();
    const second = open(own.transport, { name: "node-2" });
    await expect(second.receive()).rejects.toMatchObject({ code: Code.ResourceExhausted });
  });
});

describe("a control plane that restarts", () => {
  it("resumes nodes across a restart, and sends in full what compaction has hidden", async () => {
    const clock = new ManualClock();
    const store = createEmbeddedStore({ path: ":memory:", clock });
    const node = await (async () => {
      await using first = await testControlPlane({ store });
      await createClient(admin.AdminService, first.transport).createTeam({ team: { name: "a" } });
      const one = open(first.transport);
      await one.next();
      return one;
    })();
    await using second = await testControlPlane({ store });
    const client = createClient(admin.AdminService, second.transport);
    const again = open(second.transport, { from: node });
    expect((await again.next()).fromVersion).toBe(node.version);
    again.stop();
    await client.createTeam({ team: { name: "b" } });
    await client.deleteTeam({ name: "a" });
    await using third = await testControlPlane({ store });
    const late = open(third.transport, { from: again });
    expect((await late.next()).fromVersion).toBe(0n);
    expect(late.names).toEqual(["settings/default", "team/b"]);
  });
});
