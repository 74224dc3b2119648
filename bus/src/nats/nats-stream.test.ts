import { type Link, startLink } from "@headgate/testing/links";
import { type NatsServer, natsPorts, startNats } from "@headgate/testing/servers";
import { connect } from "nats";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { BusUnavailableError, type DurableMessage, type DurableStream } from "../bus.ts";
import { bytes, reached, testBus, text } from "./test-bus.ts";

const usage = { name: "USAGE", subjects: ["usage.>"] };
/** Elections take seconds. */
const patience = { timeout: 60_000, interval: 20 };
const uncertain = { name: "BusUnavailableError", maybeDone: true };

describe("NATS bus and its streams", { timeout: 180_000 }, () => {
  let server: NatsServer;
  let link: Link;
  let prefixes = 0;
  let prefix = "";

  beforeAll(async () => {
    server = await startNats();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    link = await startLink({ target: { host: "127.0.0.1", port: server.ports.client } });
    prefixes += 1;
    prefix = `test-${prefixes}`;
  });
  afterEach(() => link.close());

  it.each([
    { name: "without an id", options: {} },
    { name: "with the caller's id", options: { id: "x" } },
  ])("keeps once what it sends again, $name", async ({ options }) => {
    await using made = testBus(link.address, { prefix, waits: { appendAttemptMs: 60_000 } });
    await using witness = testBus(server.clientUrl, { prefix });
    const stream = await made.bus.stream(usage);
    const seen = await witness.bus.stream(usage);
    // The message arrives, its acknowledgement does not.
    link.cut({ way: "back" });
    const appended = stream.append("usage.eu", bytes("1"), options);
    await reached(async () => expect((await seen.bounds()).last).toBe(1));
    link.cut({ mode: "reset" });
    link.heal();
    // Of the caller's id, nobody knows who sent it first.
    const duplicate = "id" in options;
    expect(await appended).toEqual({ sequence: 1, duplicate });
    await stream.append("usage.eu", bytes("2"));
    expect((await seen.read({ limit: 10 })).map(({ data }) => text(data))).toEqual(["1", "2"]);
  });

  it("says that a message may or may not be kept, and keeps it once if asked again", async () => {
    const waits = { appendMs: 700, appendAttemptMs: 100 };
    await using made = testBus(link.address, { prefix, waits });
    await using witness = testBus(server.clientUrl, { prefix });
    const stream = await made.bus.stream(usage);
    const seen = await witness.bus.stream(usage);
    link.cut({ way: "back" });
    const append = () => stream.append("usage.eu", bytes("1"), { id: "x" });
    const failed = append();
    await expect(failed).rejects.toMatchObject(uncertain);
    await expect(failed).rejects.toThrow(/may or may not be kept.*append it again/);
    expect((await seen.bounds()).last).toBe(1);
    link.cut({ mode: "reset" });
    link.heal();
    await reached(async () => expect(await append()).toEqual({ sequence: 1, duplicate: true }));
    expect((await seen.bounds()).last).toBe(1);
  });

  it("says that a message was not kept when it was never sent", async () => {
    await using made = testBus(link.address, { prefix, waits: { appendMs: 300 } });
    const stream = await made.bus.stream(usage);
    link.cut({ mode: "reset" });
    await reached(() => expect(made.bus.status().connected).toBe(false));
    const failed = stream.append("usage.eu", bytes("1"));
    await expect(failed).rejects.toMatchObject({ ...uncertain, maybeDone: false });
    await expect(failed).rejects.toThrow("there is no connection to NATS");
  });

  it("appends once more when NATS is back in time", async () => {
    await using made = testBus(link.address, { prefix });
    const stream = await made.bus.stream(usage);
    link.cut({ mode: "reset" });
    await reached(() => expect(made.bus.status().connected).toBe(false));
    const appended = [1, 2, 3].map((count) => stream.append("usage.eu", bytes(`${count}`)));
    link.heal();
    const sequences = (await Promise.all(appended)).map(({ sequence }) => sequence);
    expect(sequences.sort()).toEqual([1, 2, 3]);
  });

  it("brings what a consumer had when its connection died to another", async () => {
    await using dying = testBus(link.address, { prefix });
    await using heir = testBus(server.clientUrl, { prefix });
    const stream = await dying.bus.stream(usage);
    const options = { durable: "ledger", ackWaitMs: 500 };
    const held: DurableMessage[] = [];
    await stream.consume(options, (message) => void held.push(message));
    await stream.append("usage.eu", bytes("1"));
    await reached(() => expect(held).toHaveLength(1));
    link.cut({ mode: "reset" });
    const got = await collecting(await heir.bus.stream(usage), options);
    await reached(() => expect(got).toEqual(["1 (2)"]));
    await reached(() => expect(dying.bus.status().connected).toBe(false));
    expect(() => held[0]?.ack()).not.toThrow();
  });

  it("brings again a message whose acknowledgement was lost", async () => {
    await using made = testBus(link.address, { prefix });
    const stream = await made.bus.stream(usage);
    const got: string[] = [];
    await stream.consume({ durable: "ledger", ackWaitMs: 500 }, (message) => {
      got.push(`${text(message.data)} (${message.deliveries})`);
      if (message.deliveries === 1) link.cut();
      message.ack();
      if (message.deliveries === 1) link.cut({ mode: "reset" });
    });
    await stream.append("usage.eu", bytes("1"));
    await reached(() => expect(got).toEqual(["1 (1)"]));
    link.heal();
    await reached(() => expect(got).toEqual(["1 (1)", "1 (2)"]));
    await stream.append("usage.eu", bytes("2"));
    await reached(() => expect(got).toEqual(["1 (1)", "1 (2)", "2 (1)"]));
  });

  it("goes on consuming after the connection was lost, in order and once each", async () => {
    await using made = testBus(link.address, { prefix });
    const stream = await made.bus.stream(usage);
    const got = await collecting(stream, { durable: "ledger" });
    for (let count = 1; count <= 30; count++) {
      await stream.append("usage.eu", bytes(`${count}`));
      if (count % 10 !== 0) continue;
      await reached(() => expect(got).toHaveLength(count));
      link.cut({ mode: "reset" });
      link.heal();
    }
    expect(got).toEqual(Array.from({ length: 30 }, (_, at) => `${at + 1} (1)`));
  });

  it("fetches ahead of a slow handler without having messages come twice", async () => {
    await using made = testBus(server.clientUrl, { prefix });
    const stream = await made.bus.stream(usage);
    for (let count = 1; count <= 8; count++) await stream.append("usage.eu", bytes(`${count}`));
    const got: string[] = [];
    // Together they take longer than the wait for an acknowledgement.
    await stream.consume({ durable: "slow", ackWaitMs: 1500 }, async (message) => {
      got.push(`${text(message.data)} (${message.deliveries})`);
      await new Promise((resolve) => setTimeout(resolve, 400));
      message.ack();
    });
    await reached(() => expect(got).toHaveLength(8));
    expect(got).toEqual(Array.from({ length: 8 }, (_, at) => `${at + 1} (1)`));
  });

  it("keeps apart what is published and what is kept", async () => {
    await using made = testBus(server.clientUrl, { prefix });
    const { bus } = made;
    const stream = await bus.stream(usage);
    const seen: string[] = [];
    bus.subscribe(">", ({ subject, respond }) => {
      seen.push(subject);
      respond?.(bytes(""));
    });
    await stream.append("usage.eu", bytes("1"));
    bus.publish("usage.eu", bytes("2"));
    await bus.request("last", bytes(""), { timeoutMs: 5000 });
    expect(seen).toEqual(["usage.eu", "last"]);
    expect(await stream.bounds()).toEqual({ first: 1, last: 1 });
  });

  it("asks on at once when a request's bytes were used up", async () => {
    // Else it would wait for the next look, which is after a heartbeat.
    await using made = testBus(server.clientUrl, { prefix, waits: { heartbeatMs: 60_000 } });
    const stream = await made.bus.stream(usage);
    const large = new Uint8Array(900_000).fill(65);
    for (let count = 0; count < 24; count++) await stream.append("usage.eu", large);
    const got = await collecting(stream, { durable: "ledger" });
    await reached(() => expect(got).toHaveLength(24));
  });

  it("leaves what it had fetched ahead to others when disposed of", async () => {
    await using made = testBus(server.clientUrl, { prefix });
    const stream = await made.bus.stream(usage);
    for (let count = 1; count <= 20; count++) await stream.append("usage.eu", bytes(`${count}`));
    const gate = Promise.withResolvers<void>();
    const first: string[] = [];
    const subscription = await stream.consume({ durable: "ledger" }, async (message) => {
      first.push(text(message.data));
      await gate.promise;
      message.ack();
    });
    await reached(() => expect(first).toEqual(["1"]));
    const disposed = subscription[Symbol.asyncDispose]();
    gate.resolve();
    await disposed;
    const got = await collecting(stream, { durable: "ledger" });
    await reached(() => expect(got).toHaveLength(19));
    expect(first).toEqual(["1"]);
  });

  it("opens a consumer again that was deleted, and tells of it", async () => {
    await using made = testBus(server.clientUrl, { prefix });
    const stream = await made.bus.stream(usage);
    const got = await collecting(stream, { durable: "ledger" });
    await stream.append("usage.eu", bytes("1"));
    await reached(() => expect(got).toHaveLength(1));
    const admin = await connect({ servers: server.clientUrl });
    await admin.request(`$JS.API.CONSUMER.DELETE.${prefix}-USAGE.ledger`);
    await admin.close();
    await stream.append("usage.eu", bytes("2"));
    // A new consumer starts at the first message kept.
    await reached(() => expect(got).toEqual(["1 (1)", "1 (1)", "2 (1)"]));
    expect(made.errors.join()).toContain('consumer "ledger" is opened again');
  });

  it("creates a stream anew whose server lost its data, and tells of it", async () => {
    await using own = await startNats();
    await using made = testBus(own.clientUrl, { prefix });
    const stream = await made.bus.stream(usage);
    const got = await collecting(stream, { durable: "ledger" });
    await stream.append("usage.eu", bytes("1"));
    await reached(() => expect(got).toEqual(["1 (1)"]));
    const unread = await made.bus.stream({ name: "UNREAD", subjects: ["unread"] });
    await own.kill();
    own.loseStore();
    await own.restart();
    expect(await unread.append("unread", bytes("1"))).toMatchObject({ sequence: 1 });
    expect(await stream.append("usage.eu", bytes("2"))).toMatchObject({ sequence: 1 });
    await reached(() => expect(got).toEqual(["1 (1)", "2 (1)"]));
    expect(made.errors.join()).toContain('stream "USAGE" was gone');
  });

  it("keeps what it acknowledged when its server is killed", async () => {
    await using own = await startNats();
    await using made = testBus(own.clientUrl, { prefix });
    const stream = await made.bus.stream(usage);
    for (let count = 1; count <= 100; count++) await stream.append("usage.eu", bytes(`${count}`));
    await own.kill();
    await own.restart();
    const got = await collecting(stream, { durable: "ledger" });
    await reached(() => expect(got).toHaveLength(100));
  });

  it("says that JetStream is not enabled", async () => {
    await using own = await startNats({ jetStream: false });
    await using made = testBus(own.clientUrl, { waits: { openMs: 500 } });
    const opening = made.bus.stream(usage);
    await expect(opening).rejects.toThrow(BusUnavailableError);
    await expect(opening).rejects.toThrow(
      'opening stream "USAGE" did not succeed within 500 ms: JetStream is not enabled on the NATS server',
    );
  });

  it("says at once that one server cannot keep three replicas", async () => {
    await using made = testBus(server.clientUrl, { prefix, replicas: 3 });
    const opening = made.bus.stream(usage);
    await expect(opening).rejects.toThrow(BusUnavailableError);
    await expect(opening).rejects.toThrow("replicas > 1 not supported in non-clustered mode");
  });

  it("goes on with three replicas when one server is lost, and waits for a majority", async () => {
    await using cluster = await startCluster();
    const { servers } = cluster;
    const urls = servers.map(({ clientUrl }) => clientUrl);
    const waits = { appendMs: 60_000, openMs: 60_000 };
    await using made = testBus("", { servers: urls, replicas: 3, waits });
    const impatience = { openMs: 60_000, appendMs: 1500 };
    await using hasty = testBus("", { servers: urls, replicas: 3, waits: impatience });
    const [stream, same] = [await made.bus.stream(usage), await hasty.bus.stream(usage)];
    // What was on its way to us when a server died comes again after the wait.
    const got = await collecting(stream, { durable: "ledger", ackWaitMs: 2000 });
    const all = (values: readonly string[]) => () =>
      expect([...new Set(got.map((line) => line.split(" ")[0]))].sort()).toEqual(values);
    await stream.append("usage.eu", bytes("1"));
    await servers[0]?.kill();
    await stream.append("usage.eu", bytes("2"));
    await vi.waitFor(all(["1", "2"]), patience);
    await servers[1]?.kill();
    const append = (on: DurableStream) => on.append("usage.eu", bytes("3"), { id: "3" });
    await expect(append(same)).rejects.toThrow(BusUnavailableError);
    await servers[0]?.restart();
    await append(stream);
    await vi.waitFor(all(["1", "2", "3"]), patience);
    const kept = (await stream.read({ limit: 10 })).map(({ data }) => text(data));
    expect(kept).toEqual(["1", "2", "3"]);
  });
});

/** Consumes, acknowledges, and notes what comes as "text (deliveries)". */
async function collecting(
  stream: DurableStream,
  options: { readonly durable: string; readonly ackWaitMs?: number },
): Promise<readonly string[]> {
  const got: string[] = [];
  await stream.consume(options, (message) => {
    got.push(`${text(message.data)} (${message.deliveries})`);
    message.ack();
  });
  return got;
}

/** Three servers, with JetStream. */
async function startCluster(): Promise<{ servers: readonly NatsServer[] } & AsyncDisposable> {
  const ports = await Promise.all([1, 2, 3].map(() => natsPorts()));
  const routes = ports.map(({ cluster }) => `127.0.0.1:${cluster}`);
  const cluster = { name: "c", routes };
  const servers = await Promise.all(
    ports.map((own, at) => startNats({ name: `n${at}`, ports: own, cluster })),
  );
  await Promise.all(servers.map((one) => one.jetStreamReady()));
  const end = async (): Promise<void> => {
    await Promise.all(servers.map((one) => one[Symbol.asyncDispose]()));
  };
  return { servers, [Symbol.asyncDispose]: end };
}
