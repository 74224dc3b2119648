import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type Link, startLink } from "@headgate/testing/links";
import { type NatsServer, natsPorts, startNats } from "@headgate/testing/servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BusTimeoutError, BusUnavailableError, type Subscription } from "../bus.ts";
import { subscribeLatest } from "../latest-wins.ts";
import { bytes, reached, type TestBus, testBus, text } from "./test-bus.ts";

describe("NATS bus and its connection", { timeout: 60_000 }, () => {
  let server: NatsServer;
  let link: Link;

  beforeAll(async () => {
    server = await startNats();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    link = await startLink({ target: { host: "127.0.0.1", port: server.ports.client } });
  });
  afterEach(async () => {
    if (server.running) server.resume();
    else await server.restart();
    await link.close();
  });

  it("is there before NATS is, and connects when it comes", async () => {
    const ports = await natsPorts();
    const waits = { openMs: 200 };
    await using made = testBus(`nats://127.0.0.1:${ports.client}`, { waits });
    const { bus, errors } = made;
    const got = receiving(bus, "a");
    bus.publish("a", bytes("lost"));
    expect(bus.status()).toEqual({ connected: false, droppedPublishes: 1, reconnects: 0 });
    const request = bus.request("a", bytes("?"), { timeoutMs: 100 });
    await expect(request).rejects.toThrow(BusTimeoutError);
    const stream = bus.stream({ name: "S", subjects: ["s"] });
    await expect(stream).rejects.toThrow(BusUnavailableError);
    await expect(stream).rejects.toThrow("there is no connection to NATS");
    await using _server = await startNats({ ports });
    expect(await bus.reachable(10_000)).toBe(true);
    bus.publish("a", bytes("1"));
    await reached(() => expect(got).toEqual(["1"]));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`no connection to NATS at 127.0.0.1:${ports.client}`);
  });

  it("drops and counts what it cannot send, and resumes once each when NATS is back", async () => {
    await using made = testBus(link.address);
    const { bus, errors } = made;
    const got = receiving(bus, "a");
    expect(await bus.reachable(10_000)).toBe(true);
    await server.kill();
    await reached(() => expect(bus.status().connected).toBe(false));
    for (let count = 0; count < 5; count++) bus.publish("a", bytes("lost"));
    expect(bus.status().droppedPublishes).toBe(5);
    await server.restart();
    expect(await bus.reachable(10_000)).toBe(true);
    for (let count = 0; count < 10; count++) bus.publish("a", bytes(`${count}`));
    await confirmed(bus);
    await reached(() => expect(got).toEqual(Array.from({ length: 10 }, (_, count) => `${count}`)));
    expect(bus.status().reconnects).toBe(1);
    expect(errors[0]).toContain("the connection to NATS was lost");
    // Not one for each attempt.
    expect(errors.length).toBeLessThanOrEqual(4);
  });

  it("gives up a connection that is silent", async () => {
    await using made = testBus(link.address, { waits: { connectMs: 100, pingMs: 50 } });
    const { bus } = made;
    expect(await bus.reachable(10_000)).toBe(true);
    link.cut();
    await reached(() => expect(bus.status().connected).toBe(false));
    link.heal();
    expect(await bus.reachable(10_000)).toBe(true);
  });

  it("leaves no sockets behind with who takes connections and says nothing", async () => {
    let accepted = 0;
    const open = new Set<Socket>();
    const mute = createServer((socket) => {
      accepted += 1;
      open.add(socket);
      socket.on("close", () => open.delete(socket)).on("error", () => {});
    });
    await once(mute.listen(0, "127.0.0.1"), "listening");
    const address = mute.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    const made = testBus(`127.0.0.1:${address.port}`, { waits: { connectMs: 100 } });
    await reached(() => expect(accepted).toBeGreaterThan(5));
    expect(open.size).toBeLessThanOrEqual(2);
    await made.bus.close();
    await reached(() => expect(open.size).toBe(0));
    expect(made.errors).toEqual([expect.stringContaining("no greeting within 100 ms")]);
    mute.close();
  });

  it("keeps no more than its bound for a server that is stuck", async () => {
    await using made = testBus(server.clientUrl);
    const { bus } = made;
    expect(await bus.reachable(10_000)).toBe(true);
    const got = receiving(bus, "small");
    server.pause();
    const large = new Uint8Array(64 * 1024);
    for (let count = 0; count < 1000; count++) bus.publish("large", large);
    // 8 MiB of the 64.
    const { droppedPublishes } = bus.status();
    expect(droppedPublishes).toBeGreaterThan(800);
    expect(droppedPublishes).toBeLessThan(900);
    server.resume();
    await reached(() => {
      bus.publish("small", bytes("1"));
      expect(got).not.toEqual([]);
    });
  });

  it("bounds what requests to a server that is stuck hold", async () => {
    await using made = testBus(server.clientUrl);
    const { bus } = made;
    expect(await bus.reachable(10_000)).toBe(true);
    bus.subscribe("a", () => {});
    const ask = () => bus.request("a", new Uint8Array(1024 * 1000), { timeoutMs: 500 });
    const asked = await Promise.allSettled(Array.from({ length: 80 }, ask));
    const reasons = asked.map((one) => (one.status === "rejected" ? one.reason : undefined));
    const refused = reasons.filter((reason) => reason instanceof BusUnavailableError);
    expect(refused.length).toBe(80 - 65);
    expect(String(refused[0])).toContain("wait for NATS to answer");
  });

  it("fails a request whose connection is lost, without waiting for its time", async () => {
    await using asking = testBus(link.address);
    await using answering = testBus(server.clientUrl);
    const asked: string[] = [];
    answering.bus.subscribe("a", ({ data }) => void asked.push(text(data)));
    await reached(async () => {
      expect(answering.bus.status().connected && asking.bus.status().connected).toBe(true);
    });
    await confirmed(answering.bus);
    const request = asking.bus.request("a", bytes("?"), { timeoutMs: 600_000 });
    const failure = expect(request).rejects.toMatchObject({
      name: "BusUnavailableError",
      maybeDone: true,
    });
    await reached(() => expect(asked).toEqual(["?"]));
    link.cut({ mode: "reset" });
    await failure;
  });

  it("is never dropped for slowness, and holds no more than asked for", async () => {
    await using slowMade = testBus(server.clientUrl);
    await using fastMade = testBus(server.clientUrl);
    const [slow, fast] = [slowMade.bus, fastMade.bus];
    const gate = Promise.withResolvers<void>();
    await using _opened = { [Symbol.asyncDispose]: async () => gate.resolve() };
    const got: string[] = [];
    const handler = async ({ data }: { data: Uint8Array }) => {
      await gate.promise;
      got.push(text(data).trimEnd());
    };
    const subscription = slow.subscribe("load.*", handler, { pendingMax: 10 });
    const latest = subscribeLatest(slow, "load.*");
    await reached(() => expect(slow.status().connected && fast.status().connected).toBe(true));
    await confirmed(slow);
    const total = 30_000;
    for (let count = 0; count < total; count++) {
      fast.publish(`load.${count % 7}`, bytes(`${count}`.padEnd(1000)));
      if (count % 1000 === 0) await confirmed(fast);
    }
    expect(fast.status().droppedPublishes).toBe(0);
    await reached(() => expect(subscription.dropped).toBe(total - 11));
    gate.resolve();
    await reached(() => expect(got).toHaveLength(11));
    await reached(() => expect(latest.overwritten).toBe(total - 7));
    const newest = [...latest.take().values()].map(({ data }) => text(data).trimEnd()).sort();
    expect(newest).toEqual(got.slice(-7).sort());
    expect(await slowConsumersOf(server)).toBe(0);
    expect(slow.status().reconnects).toBe(0);
  });

  it("comes back with many others after a restart, and none of them spins", async () => {
    const others = Array.from({ length: 50 }, () =>
      testBus(link.address, {
        waits: { reconnectBaseMs: 250, reconnectMaxMs: 2000 },
      }),
    );
    const counts = others.map(({ bus }) => receiving(bus, "all"));
    await Promise.all(others.map(({ bus }) => bus.reachable(15_000)));
    await server.kill();
    const before = link.counters.accepted;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const attempts = link.counters.accepted - before;
    // Pauses of 0.125, 0.25, 0.5 s ... on average.
    expect(attempts).toBeGreaterThan(50);
    expect(attempts).toBeLessThan(50 * 12);
    await server.restart();
    await Promise.all(others.map(({ bus }) => bus.reachable(15_000)));
    await using speaker = testBus(server.clientUrl);
    await speaker.bus.reachable(10_000);
    await Promise.all(others.map(({ bus }) => confirmed(bus)));
    speaker.bus.publish("all", bytes("1"));
    await reached(() => expect(counts.every((got) => got.length === 1)).toBe(true));
    expect(others.map(({ bus }) => bus.status().reconnects)).toEqual(others.map(() => 1));
    await Promise.all(others.map((other) => other.bus.close()));
  });

  it.each([
    { name: "connected", act: async () => {} },
    { name: "its server is stuck", act: async () => server.pause() },
    { name: "cut off", act: async () => link.cut() },
    { name: "refused", act: async () => link.cut({ mode: "reset" }) },
  ])("leaves nothing behind when closed while $name", async ({ act }) => {
    const before = sockets();
    const { bus } = testBus(link.address);
    const subscription: Subscription = bus.subscribe("a", () => {});
    expect(await bus.reachable(10_000)).toBe(true);
    await act();
    const sinceMs = performance.now();
    await bus.close();
    expect(performance.now() - sinceMs).toBeLessThan(3000);
    await subscription[Symbol.asyncDispose]();
    server.resume();
    link.heal();
    await reached(() => expect(link.openConnections).toBe(0));
    await reached(() => expect(sockets()).toBeLessThanOrEqual(before));
  });

  it("refuses what the server would not take", async () => {
    await using small = await startNats({ more: "max_payload: 4096" });
    await using made = testBus(small.clientUrl);
    expect(await made.bus.reachable(10_000)).toBe(true);
    expect(() => made.bus.publish("a", new Uint8Array(5000))).toThrow(
      new RangeError(
        "a message with its headers has 5000 bytes, and the NATS server takes at most 4096: raise its max_payload",
      ),
    );
  });

  it.each([
    { name: "no servers", options: { servers: [] } },
    { name: "an address that is none", options: { servers: ["http://nats"] } },
    { name: "a password in an address", options: { servers: ["nats://me:secret@nats"] } },
    { name: "a prefix with a dot", options: { prefix: "a.b" } },
    { name: "no replicas", options: { replicas: 0 } },
  ])("refuses $name", ({ options }) => {
    expect(() => testBus("nats://127.0.0.1", options)).toThrow(RangeError);
  });
});

function receiving(bus: TestBus["bus"], pattern: string): readonly string[] {
  const got: string[] = [];
  bus.subscribe(pattern, ({ data }) => void got.push(text(data)));
  return got;
}

/** Its subscriptions are known to the server. */
async function confirmed(bus: TestBus["bus"]): Promise<void> {
  await bus.request("confirmed", bytes(""), { timeoutMs: 10_000 }).catch(() => {});
}

async function slowConsumersOf(server: NatsServer): Promise<unknown> {
  const response = await fetch(`${server.monitorUrl}/varz`);
  const varz: unknown = await response.json();
  return typeof varz === "object" && varz && "slow_consumers" in varz && varz.slow_consumers;
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith("TCPSocket")).length;
}
