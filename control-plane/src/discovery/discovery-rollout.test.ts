import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createInProcessBus } from "@headgate/bus";
import { ManualClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import type { ControlPlaneOptions } from "../control-plane.ts";
import { type TestControlPlane, testControlPlane } from "../testing/test-control-plane.ts";
import { TestNode } from "../testing/test-node.ts";
import { testReplica } from "../testing/test-replica.ts";
import { HeldSharing } from "./held-sharing.ts";

const nodes: TestNode[] = [];
afterEach(() => {
  for (const node of nodes.splice(0)) node.stop();
});

function open(transport: Transport, name: string, build = "A"): TestNode {
  const node = new TestNode(transport, { name, build });
  nodes.push(node);
  return node;
}

/** Open, and take the first snapshot. */
async function connected(transport: Transport, name: string, build = "A"): Promise<TestNode> {
  const node = open(transport, name, build);
  await node.next();
  return node;
}

describe("canaries", () => {
  it("get a change first, and the others when they have accepted it", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    const [canary, other] = [
      await connected(plane.transport, "a1"),
      await connected(plane.transport, "a2"),
    ];
    await api.createTeam({ team: { name: "t" } });
    await clock.advance(50);
    const change = await canary.receive();
    const theirs = watch(other.receive());
    await clock.advance(1_000);
    expect(theirs.arrived).toBe(false);
    canary.accept(change);
    other.accept(await theirs.response);
    expect(other.names).toContain("team/t");
    expect(other.version).toBe(canary.version);
  });

  it("are replaced when they are late, and after three all get the change", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    const all: TestNode[] = [];
    for (const name of ["a1", "a2", "a3", "a4"]) all.push(await connected(plane.transport, name));
    await api.createTeam({ team: { name: "t" } });
    await clock.advance(50);
    const received = all.map((node) => watch(node.receive()));
    for (const expected of [[0], [0, 1], [0, 1, 2]]) {
      await received[expected.at(-1) ?? 0]?.response;
      expect(received.flatMap(({ arrived }, n) => (arrived ? [n] : []))).toEqual(expected);
      await clock.advance(2_200);
    }
    const last = await received[3]?.response;
    expect(last?.upserts.map((one) => one.resource.value)).toMatchObject([{ name: "t" }]);
    expect(plane.logLines.join("")).toContain("canaries_late");
  });

  it("are not waited for by what is urgent, which brings nothing else along", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    await api.createKey({ key: { name: "k", secret: "sk-test-1234567890" } });
    await clock.advance(50);
    const [canary, other] = [
      await connected(plane.transport, "a1"),
      await connected(plane.transport, "a2"),
    ];
    await api.createTeam({ team: { name: "t" } });
    await clock.advance(50);
    const change = await canary.receive();
    await api.revokeKey({ name: "k" });
    const urgent = await other.next();
    expect(urgent.upserts.map((one) => one.resource.case)).toEqual(["key"]);
    canary.accept(change);
    expect((await canary.next()).upserts.map((one) => one.resource.case)).toEqual(["key"]);
    await other.next();
    expect(other.names).toEqual(canary.names);
  });

  it("bring what a rotated key needs along with it", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    await api.createKey({ key: { name: "k", secret: "sk-test-1234567890" } });
    await clock.advance(50);
    const [, other] = [
      await connected(plane.transport, "a1"),
      await connected(plane.transport, "a2"),
    ];
    await api.apply({
      resources: {
        teams: [{ name: "t" }],
        keys: [{ name: "k", team: "t", secret: "sk-test-0987654321" }],
      },
    });
    await other.next();
    expect(other.names).toEqual(["key/k", "settings/default", "team/t"]);
  });

  it("are watched for as long as the operator says", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    await using replica = await testReplica({
      store: plane.store,
      clock,
      rollout: { holdMs: 30_000 },
    });
    const canary = open(replica.transport(), "a1");
    canary.accept(await canary.receive());
    await clock.advance(31_000);
    const other = await connected(replica.transport(), "a2");
    await api.createTeam({ team: { name: "t" } });
    await clock.advance(100);
    await canary.next();
    const theirs = watch(other.receive());
    await clock.advance(29_000);
    expect(theirs.arrived).toBe(false);
    await clock.advance(1_200);
    await theirs.response;
  });
});

describe("what a node refuses", () => {
  it("is held back from nodes of its build, and from nobody else; all else flows", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    const [a1, a2] = [
      await connected(plane.transport, "a1"),
      await connected(plane.transport, "a2"),
    ];
    const b = await connected(plane.transport, "b", "B");
    const keys = [{ name: "k", secret: "sk-test-1234567890" }];
    await api.apply({ resources: { keys, teams: [{ name: "poison" }, { name: "fine" }] } });
    await clock.advance(50);
    a1.refuse(await a1.receive(), ["team/poison"], { message: "it bites" });
    await b.next();
    expect(b.names).toContain("team/poison");
    for (const node of [a1, a2]) {
      await node.next();
      expect(node.names).toEqual(["key/k", "settings/default", "team/fine"]);
    }
    expect(plane.logLines.filter((line) => line.includes("held back"))).toHaveLength(1);
    const { nodes: listed } = await api.listNodes({});
    expect(
      listed.map(({ heldBack }) => heldBack.map(({ name, message }) => `${name}: ${message}`)),
    ).toEqual([["poison: it bites"], ["poison: it bites"], []]);
    expect(await plane.metricsText()).toContain('headgate_discovery_held_resources{build="A"} 1');

    await api.revokeKey({ name: "k" });
    for (const node of [a1, a2, b]) {
      expect((await node.next()).upserts.map((one) => one.resource.value)).toMatchObject([
        { name: "k" },
      ]);
    }
    const fresh = await connected(plane.transport, "a3");
    expect(fresh.names).toEqual(a1.names);
  });

  it("stays at the revision before, and is tried again, canary first, when there is a newer one", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    await api.createKey({ key: { name: "k", secret: "sk-test-1234567890" } });
    await clock.advance(50);
    const [a1, a2] = [
      await connected(plane.transport, "a1"),
      await connected(plane.transport, "a2"),
    ];
    const before = a2.resources.get("key/k");
    await api.apply({ resources: { keys: [{ name: "k", user: "poison" }] } });
    await clock.advance(50);
    a1.refuse(await a1.receive(), ["key/k"]);
    await Promise.all([a1.next(), a2.next()]);
    expect(a2.resources.get("key/k")).toBe(before);
    const late = await connected(plane.transport, "a3");
    expect(late.resources.get("key/k")).toBe(before);

    await api.apply({ resources: { keys: [{ name: "k", user: "mended" }] } });
    await clock.advance(50);
    const mended = await a1.receive();
    const theirs = watch(a2.receive());
    await clock.advance(100);
    expect(theirs.arrived).toBe(false);
    a1.accept(mended);
    a2.accept(await theirs.response);
    expect(a2.resources).toEqual(a1.resources);
    expect((await api.listNodes({})).nodes[0]?.heldBack).toEqual([]);
  });

  it("of a rotated key is the key: its old secret does not come back", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    await api.createKey({ key: { name: "k", secret: "sk-test-1234567890" } });
    await clock.advance(50);
    const a1 = await connected(plane.transport, "a1");
    await api.rotateKey({ name: "k" });
    a1.refuse(await a1.receive(), ["key/k"]);
    expect((await a1.next()).removed).toMatchObject([{ kind: "key", name: "k" }]);
  });

  it("is nothing if the node is the one that differs", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    const [a1, a2] = [
      await connected(plane.transport, "a1"),
      await connected(plane.transport, "a2"),
    ];
    await api.createTeam({ team: { name: "t" } });
    await clock.advance(50);
    a1.refuse(await a1.receive(), ["/"], { diverged: true });
    a1.stop();
    await a2.next();
    expect(a2.names).toContain("team/t");
    expect((await api.listNodes({})).nodes.map(({ heldBack }) => heldBack)).toEqual([[], []]);
  });

  it("is not tried on another replica's nodes, nor on those that come from there", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    const bus = createInProcessBus({ clock });
    const { store } = plane;
    const sharing: HeldSharing[] = [];
    await using one = await testReplica({ store, clock, onHeld: (held) => sharing[0]?.tell(held) });
    await using two = await testReplica({ store, clock, onHeld: (held) => sharing[1]?.tell(held) });
    for (const [n, { server }] of [one, two].entries()) {
      const replica = { name: `cp-${n}`, region: "eu" };
      const logger = pino({ level: "silent" });
      const onHeld = (held: Parameters<typeof server.hold>[0]) => server.hold(held);
      sharing.push(new HeldSharing({ bus, clock, logger, replica, onHeld, held: () => [] }));
    }
    const a1 = await connected(one.transport(), "a1");
    await api.createTeam({ team: { name: "poison" } });
    await clock.advance(100);
    // The node of the second replica is away when the change comes, so its canary has not found out.
    a1.refuse(await a1.receive(), ["team/poison"]);
    await a1.next();
    await expect.poll(() => two.server.builds.held().get("A")?.length ?? 0).toBe(0);
    const a2 = await connected(two.transport(), "a2");
    expect(a2.names).toEqual(["settings/default"]);
    expect(two.server.builds.heldOf("A")).toMatchObject([{ name: "poison" }]);

    a1.stop();
    const moved = new TestNode(two.transport(), { name: "a1", build: "A", from: a1 });
    nodes.push(moved);
    expect(await moved.next()).toMatchObject({ fromVersion: a1.version, upserts: [], removed: [] });
  });
});

describe("large snapshots", () => {
  it("are sent so many at a time, and the next when one is answered, whatever the answer", async () => {
    const { clock, plane, api } = await setUp();
    await using _ = plane;
    const teams = Array.from({ length: 1_000 }, (__, n) => ({ name: `${"t".repeat(90)}-${n}` }));
    await api.apply({ resources: { teams } });
    await clock.advance(500);
    await using replica = await testReplica({ store: plane.store, clock, inFlightBytesMax: 1 });
    await connected(replica.transport(), "a1");
    const [second, third, fourth] = ["a2", "a3", "a4"].map((name) =>
      open(replica.transport(), name),
    );
    if (!second || !third || !fourth) throw new Error("there are three");
    const first = await second.receive();
    const waiting = [third, fourth].map((node) => watch(node.receive()));
    await settle();
    expect(waiting.map(({ arrived }) => arrived)).toEqual([false, false]);
    second.refuse(first, ["/"], { diverged: true });
    third.accept((await waiting[0]?.response) ?? first);
    fourth.accept((await waiting[1]?.response) ?? first);
    expect(fourth.names).toHaveLength(1_001);
  });
});

describe("ends of streams", () => {
  const transports = [
    { name: "gRPC", connect: (baseUrl: string) => createGrpcTransport({ baseUrl }) },
    {
      name: "Connect",
      connect: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2" }),
    },
    {
      name: "Connect with JSON",
      connect: (baseUrl: string) =>
        createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
    },
  ];
  it.each(transports)(
    "tell nodes on $name to come back at once when the replica stops",
    async ({ connect }) => {
      const { clock, plane } = await setUp({ grpc: { host: "127.0.0.1", port: 0 } });
      await using _ = plane;
      const node = await connected(connect(plane.grpcAddress?.url ?? ""), "a1");
      const ending = node.receive().catch((error) => error);
      const stopped = plane.stop();
      expect(comeBackOf(await ending)).toEqual({ code: Code.Unavailable, afterMs: "0" });
      await clock.advance(3_000);
      await stopped;
    },
  );

  it("come by age, give or take a tenth, and send nodes to the next endpoint at once", async () => {
    const { clock, plane } = await setUp();
    await using _ = plane;
    await using replica = await testReplica({ store: plane.store, clock, streamAgeMaxMs: 60_000 });
    const ends: number[] = [];
    for (let n = 0; n < 20; n++) {
      const node = await connected(replica.transport(), `a${n}`);
      void node.receive().catch((error) => {
        expect(comeBackOf(error)).toEqual({ code: Code.Unavailable, afterMs: "0" });
        ends.push(clock.now());
      });
    }
    await clock.advance(53_000);
    expect(ends).toEqual([]);
    for (let ms = 0; ms < 15_000; ms += 1_000) await clock.advance(1_000).then(settle);
    expect(ends).toHaveLength(20);
    expect(new Set(ends).size).toBeGreaterThan(5);
  });

  it("spread a crowd that comes at once", async () => {
    const { clock, plane } = await setUp();
    await using _ = plane;
    const admission = { perSecond: 10, burst: 3 };
    await using replica = await testReplica({ store: plane.store, clock, admission });
    const crowd = ["1", "2", "3", "4", "5"].map((name) => open(replica.transport(), name));
    const refused = await Promise.all(
      crowd.slice(3).map((node) => node.receive().catch((error) => error)),
    );
    for (const [n, end] of refused.entries()) {
      const { code, afterMs } = comeBackOf(end);
      expect(code).toBe(Code.ResourceExhausted);
      expect(Number(afterMs)).toBeGreaterThanOrEqual(100 * (n + 1));
      expect(Number(afterMs)).toBeLessThanOrEqual(100 * (n + 1) + 500);
    }
    await crowd[0]?.next();
    expect(await replica.metricsText()).toContain('drops_total{reason="too_fast"} 2');
    await clock.advance(1_000);
    await connected(replica.transport(), "6");
  });
});

describe("a node that has proved who it is", () => {
  it.each([
    { name: "itself", principal: { node: "a1", region: "test" }, denied: undefined },
    {
      name: "anybody, if it proved nothing",
      principal: { node: undefined, region: undefined },
      denied: undefined,
    },
    {
      name: "no other node",
      principal: { node: "a2", region: "test" },
      denied: /certificate is node a2's; it can't act for node a1/,
    },
    {
      name: "no node elsewhere",
      principal: { node: undefined, region: "us" },
      denied: /certificate is for region us, not for region test/,
    },
  ])("may be $name", async ({ principal, denied }) => {
    const { clock, plane } = await setUp();
    await using _ = plane;
    const told: string[] = [];
    const onDenied = (message: string) => told.push(message);
    await using replica = await testReplica({ store: plane.store, clock, onDenied });
    const transport = replica.transport({ ...principal, by: "certificate" });
    const first = open(transport, "a1").receive();
    if (denied) {
      await expect(first).rejects.toMatchObject({
        code: Code.PermissionDenied,
        message: expect.stringMatching(denied),
      });
      expect(replica.registry.list(0)).toEqual([]);
    } else await first;
    expect(told).toEqual(denied ? [expect.stringMatching(denied)] : []);
  });
});

interface SetUp {
  readonly clock: ManualClock;
  readonly plane: TestControlPlane;
  readonly api: ReturnType<typeof createClient<typeof admin.AdminService>>;
}

async function setUp(listen: ControlPlaneOptions["listen"] = {}): Promise<SetUp> {
  const clock = new ManualClock();
  const plane = await testControlPlane({ clock, listen });
  return { clock, plane, api: createClient(admin.AdminService, plane.transport) };
}

function watch<T>(response: Promise<T>): { arrived: boolean; readonly response: Promise<T> } {
  const watched = { arrived: false, response };
  void response.then(() => {
    watched.arrived = true;
  });
  return watched;
}

function comeBackOf(error: unknown) {
  const { code, metadata } = error as { code: Code; metadata: Headers };
  return { code, afterMs: metadata.get("x-headgate-retry-after-ms") };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
