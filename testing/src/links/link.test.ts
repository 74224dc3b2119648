import { once } from "node:events";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect as connectSocket, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Watchers } from "../watchers.ts";
import { laneMaxBytes } from "./lane.ts";
import { type Cut, type Link, linkMaxConnections, startLink } from "./link.ts";
import { startTunnelProxy } from "./tunnel-proxy.ts";

/** How long "nothing comes" is watched for. It can only make a test pass that should not. */
const silenceMs = 60;

describe("Link", { timeout: 20_000 }, () => {
  let stack: AsyncDisposableStack;
  let target: Target;
  let link: Link;

  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    target = stack.use(await startTarget());
    link = stack.use(await startLink({ target: target.address }));
  });
  afterEach(() => stack.disposeAsync());

  it("passes bytes both ways, and counts them", async () => {
    const client = await join();
    client.socket.write("hello");
    await target.has("hello");
    target.peer(0).write("good day");
    await client.has("good day");
    expect(link.counters).toEqual({ accepted: 1, bytesThere: 5, bytesBack: 8, refused: 0 });
    expect(link.openConnections).toBe(1);
  });

  it("passes the end of one direction while the other goes on", async () => {
    const client = await join();
    client.socket.end("question");
    await target.has("question");
    await once(target.peer(0), "end");
    target.peer(0).end("answer");
    await client.has("answer");
    await client.closed();
    expect(client.error).toBeUndefined();
    await untilGone();
  });

  it("passes 8 MiB unharmed, on a slow link too", async () => {
    link.slow({ latencyMs: 1, jitterMs: 3 });
    const client = await join();
    const sent = Buffer.alloc(8 * 1024 * 1024, "0123456789abcdef-");
    target.peer(0).end(sent);
    await client.closed();
    expect(Buffer.concat(client.pieces).equals(sent)).toBe(true);
  });

  it("passes a reset of either side on", async () => {
    const first = await join();
    target.peer(0).resetAndDestroy();
    await expectReset(first);
    const second = await join();
    second.socket.resetAndDestroy();
    await target.closed(1);
    await untilGone();
  });

  it("lets either side go, and resets the other when it still writes", async () => {
    const first = await join();
    target.peer(0).destroy();
    await first.closed();
    expect(first.error).toBeUndefined();
    const second = await join();
    second.socket.destroy();
    await once(target.peer(1), "end");
    const asking = setInterval(() => target.peer(1).write("anybody?"), 5);
    stack.defer(() => clearInterval(asking));
    await target.closed(1);
    await untilGone();
  });

  it("resets connections to a target where nobody listens, and those without a target", async () => {
    link.retarget(undefined);
    await expectReset(await open());
    link.retarget({ host: "127.0.0.1", port: 1 });
    await expectReset(await open());
    link.retarget(target.address);
    const client = await join();
    client.socket.write("back");
    await target.has("back");
  });

  describe("cut by dropping", () => {
    it("lets no byte, end or reset pass, and all of them after the heal", async () => {
      const [talking, ending, breaking] = [await join(), await join(), await join()];
      link.cut();
      talking.socket.write("unheard");
      target.peer(0).write("unseen");
      ending.socket.end();
      target.peer(1).end();
      breaking.socket.resetAndDestroy();
      await silence();
      expect(target.text).toBe("");
      expect(talking.text).toBe("");
      expect(target.peer(1).readableEnded).toBe(false);
      expect(ending.socket.readableEnded).toBe(false);
      expect(target.peer(2).closed).toBe(false);

      link.heal();
      await target.has("unheard");
      await talking.has("unseen");
      await ending.closed();
      await target.closed(2);
      expect(talking.error).toBeUndefined();
    });

    it("stalls new connections, which go on after the heal", async () => {
      link.cut();
      const client = await open();
      client.socket.write("patience");
      await silence();
      expect(target.peers).toHaveLength(0);
      expect(client.error).toBeUndefined();
      link.heal();
      await target.has("patience");
      target.peer(0).write("rewarded");
      await client.has("rewarded");
    });

    it.each<{ way: NonNullable<Cut["way"]>; there: string; back: string }>([
      { way: "there", there: "", back: "from target" },
      { way: "back", there: "to target", back: "" },
    ])("loses only what goes $way", async ({ way, there, back }) => {
      const client = await join();
      link.cut({ way });
      client.socket.write("to target");
      target.peer(0).write("from target");
      await target.has(there);
      await client.has(back);
      await silence();
      expect({ there: target.text, back: client.text }).toEqual({ there, back });

      const stalled = await open();
      await silence();
      expect(target.peers).toHaveLength(1);
      link.heal();
      await target.has("to target");
      await client.has("from target");
      await target.until(() => target.peers.length === 2);
      expect(stalled.error).toBeUndefined();
    });

    it("loses a reset in the way that is cut, though the other way finds out", async () => {
      const client = await join();
      link.cut({ way: "there" });
      client.socket.resetAndDestroy();
      const telling = setInterval(() => target.peer(0).write("anybody?"), 5);
      stack.defer(() => clearInterval(telling));
      await silence();
      expect(target.peer(0).closed).toBe(false);
      link.heal();
      await target.closed(0);
    });

    it("holds no more than a bound, and makes the sender wait for the rest", async () => {
      const client = await join();
      link.cut();
      const sender = target.peer(0);
      await fill(sender);
      expect(link.counters.bytesBack).toBe(0);
      link.heal();
      await once(sender, "drain");
      await client.until(() => client.pieces.length > 0);
    });

    it("stops in the middle of a stream, and goes on without a byte lost", async () => {
      const client = await join();
      const sent = Buffer.alloc(16 * 1024 * 1024, "abcdefghijk");
      target.peer(0).end(sent);
      await client.until(() => client.byteCount > 1024 * 1024);
      link.cut();
      await silence();
      const atCut = client.byteCount;
      await silence();
      expect(client.byteCount).toBe(atCut);
      expect(atCut).toBeLessThan(sent.length);
      link.heal();
      await client.closed();
      expect(Buffer.concat(client.pieces).equals(sent)).toBe(true);
    });

    it("keeps a bounded number of stalled connections, and drops the longest stalled", async () => {
      link.cut();
      const first = await open();
      const others: Client[] = [];
      for (let made = 1; made < linkMaxConnections; made += 1) others.push(await open());
      expect(link.counters.refused).toBe(0);
      const last = await open();
      await expectReset(first);
      expect(last.error).toBeUndefined();
      expect(others.filter(({ error }) => error)).toEqual([]);
      expect(link.counters.refused).toBe(1);
      expect(link.openConnections).toBe(linkMaxConnections);
    });
  });

  describe("cut by resets", () => {
    it("ends open connections on both sides, and new ones, until the heal", async () => {
      const client = await join();
      link.cut({ mode: "reset" });
      await expectReset(client);
      await target.closed(0);
      await expectReset(await open());
      expect(target.peers).toHaveLength(1);
      link.heal();
      const again = await join();
      again.socket.write("hello again");
      await target.has("hello again");
    });

    it("ends what stalled in a cut by dropping", async () => {
      link.cut();
      const client = await open();
      link.cut({ mode: "reset" });
      await expectReset(client);
      expect(link.openConnections).toBe(0);
    });
  });

  describe("slowed", () => {
    it("adds the latency each way, and to opening", async () => {
      link.slow({ latencyMs: 50 });
      const started = performance.now();
      const client = await join();
      const joined = performance.now();
      client.socket.write("ping");
      await target.has("ping");
      const there = performance.now();
      target.peer(0).write("pong");
      await client.has("pong");
      const back = performance.now();
      for (const tookMs of [joined - started, there - joined, back - there]) {
        expect(tookMs).toBeGreaterThanOrEqual(49);
      }
    });

    it("keeps the order of bytes under jitter", async () => {
      link.slow({ latencyMs: 1, jitterMs: 20 });
      const client = await join();
      const words = Array.from({ length: 50 }, (_, at) => `${at};`);
      for (const word of words) {
        client.socket.write(word);
        await new Promise(setImmediate);
      }
      await target.has(words.join(""));
      expect(target.text).toBe(words.join(""));
    });

    it("spreads bytes over time by the bandwidth", async () => {
      link.slow({ latencyMs: 0, bytesPerSecond: 1_000_000 });
      const client = await join();
      const started = performance.now();
      target.peer(0).end(Buffer.alloc(300_000));
      await client.closed();
      expect(client.byteCount).toBe(300_000);
      expect(performance.now() - started).toBeGreaterThanOrEqual(295);
    });

    it("is fast again for what is under way as well", async () => {
      const client = await join();
      link.slow({ latencyMs: 30_000 });
      expect(link.state).toBe("slow");
      client.socket.write("hurry");
      await silence();
      expect(target.text).toBe("");
      link.slow(undefined);
      await target.has("hurry");
      expect(link.state).toBe("up");
    });

    it("stays slow through a cut and its heal", async () => {
      link.slow({ latencyMs: 50 });
      const client = await join();
      link.cut();
      expect(link.state).toBe("cut");
      link.heal();
      expect(link.state).toBe("slow");
      const started = performance.now();
      client.socket.write("late");
      await target.has("late");
      expect(performance.now() - started).toBeGreaterThanOrEqual(49);
    });

    it.each([
      { name: "a negative latency", shape: { latencyMs: -1 } },
      { name: "an hour", shape: { latencyMs: 3_600_000 } },
      { name: "no bandwidth at all", shape: { latencyMs: 0, bytesPerSecond: 0 } },
      { name: "a jitter that is no number", shape: { latencyMs: 0, jitterMs: Number.NaN } },
    ])("refuses $name", ({ shape }) => {
      expect(() => link.slow(shape)).toThrow(RangeError);
    });
  });

  it("holds a bounded amount for a reader that does not read", async () => {
    const client = await join();
    client.socket.pause();
    const sender = target.peer(0);
    await fill(sender);
    const before = link.counters.bytesBack;
    await silence();
    expect(link.counters.bytesBack - before).toBeLessThanOrEqual(laneMaxBytes);
    client.socket.resume();
    await once(sender, "drain");
  });

  it("ends its connections when closed, stalled ones too", async () => {
    const client = await join();
    link.cut();
    const stalled = await open();
    await link.close();
    await expectReset(client);
    await expectReset(stalled);
    await link.close();
  });

  it("carries HTTP/2 streams through a cut and its heal", async () => {
    const server = createHttp2Server();
    stack.defer(() => void server.close());
    server.on("stream", (stream) => stream.on("error", () => {}).pipe(stream));
    server.on("sessionError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    link.retarget(addressOf(server));
    const session = connectHttp2(`http://${link.address}`);
    stack.defer(() => session.destroy());
    const echo = session.request({ ":method": "POST" });
    const heard = new Watchers();
    let text = "";
    echo.on("error", () => {}); // The session's says it.
    echo.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      heard.changed();
    });
    const hears = (what: string) => heard.until(() => text === what, what);
    echo.write("before,");
    await hears("before,");
    link.cut();
    echo.write("during,");
    await silence();
    expect(text).toBe("before,");
    link.heal();
    await hears("before,during,");
    link.cut({ mode: "reset" });
    const [error] = await once(session, "error");
    expect(error).toMatchObject({ code: "ECONNRESET" });
  });

  describe("behind a tunnel proxy", () => {
    it("is chosen by the address asked for", async () => {
      const other = stack.use(await startTarget());
      const otherLink = stack.use(await startLink({ target: other.address }));
      const routes = new Map([
        ["192.0.2.1:2380", link],
        ["192.0.2.2:2380", otherLink],
      ]);
      const proxy = stack.use(await startTunnelProxy(routes));
      const port = Number(new URL(proxy.url).port);
      const client = await open(port);
      client.socket.write("CONNECT 192.0.2.2:2380 HTTP/1.1\r\nHost: 192.0.2.2:2380\r\n");
      client.socket.write("\r\n");
      await client.has("HTTP/1.1 200 OK\r\n\r\n");
      client.socket.write("hello");
      await other.has("hello");
      otherLink.cut({ mode: "reset" });
      await expectReset(client);
      expect(target.peers).toHaveLength(0);
    });

    it.each([
      { name: "an unknown address", request: "CONNECT 192.0.2.9:2380 HTTP/1.1\r\n\r\n" },
      { name: "no tunnel", request: "GET http://192.0.2.1:2380/ HTTP/1.1\r\n\r\n" },
      { name: "something endless", request: "x".repeat(5_000) },
    ])("refuses $name", async ({ request }) => {
      const proxy = stack.use(await startTunnelProxy(new Map([["192.0.2.1:2380", link]])));
      const client = await open(Number(new URL(proxy.url).port));
      client.socket.write(request);
      await client.until(() => client.text.startsWith("HTTP/1.1 502 "));
      client.socket.end();
      await client.closed();
    });
  });

  /** A client whose connection has reached the target. */
  async function join(): Promise<Client> {
    const count = target.peers.length;
    const client = await open();
    await target.until(() => target.peers.length > count);
    return client;
  }

  async function open(port = link.port): Promise<Client> {
    const client = stack.use(new Client(connectSocket({ port, host: "127.0.0.1" })));
    await client.until(() => !client.socket.connecting);
    return client;
  }

  async function untilGone(): Promise<void> {
    const gone = new Watchers();
    const timer = setInterval(() => gone.changed(), 5);
    stack.defer(() => clearInterval(timer));
    await gone.until(() => link.openConnections === 0, "the link to forget its connections");
  }
});

/** One side of a connection: what it got, and how it ended. */
class Client implements Disposable {
  readonly socket: Socket;
  readonly pieces: Buffer[] = [];
  readonly #watchers = new Watchers();
  byteCount = 0;
  error: NodeJS.ErrnoException | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (piece: Buffer) => {
      this.pieces.push(piece);
      this.byteCount += piece.length;
      this.#watchers.changed();
    });
    socket.on("error", (error) => {
      this.error = error;
    });
    socket.on("connect", () => this.#watchers.changed());
    socket.on("close", () => this.#watchers.changed());
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }

  has(text: string): Promise<void> {
    return this.#watchers.until(
      () => this.text.includes(text),
      () => `${text}, got ${this.text}`,
    );
  }

  until(holds: () => boolean): Promise<void> {
    return this.#watchers.until(holds, "the client's condition");
  }

  closed(): Promise<void> {
    return this.#watchers.until(() => this.socket.closed, "the client's socket to close");
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

async function expectReset(client: Client): Promise<void> {
  await client.closed();
  expect(client.error?.code).toBe("ECONNRESET");
}

/** A server that keeps what it gets, and says nothing by itself. */
class Target implements AsyncDisposable {
  readonly peers: Socket[] = [];
  readonly #server: Server;
  readonly #watchers = new Watchers();
  text = "";

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.peers.push(socket);
      socket.on("data", (piece: Buffer) => {
        this.text += piece.toString();
        this.#watchers.changed();
      });
      socket.on("error", () => {});
      socket.on("close", () => this.#watchers.changed());
      this.#watchers.changed();
    });
  }

  get address() {
    return addressOf(this.#server);
  }

  peer(index: number): Socket {
    const socket = this.peers[index];
    if (!socket) throw new RangeError(`no connection ${index} at the target`);
    return socket;
  }

  has(text: string): Promise<void> {
    return this.#watchers.until(
      () => this.text.includes(text),
      () => `${text} at the target, it has ${this.text}`,
    );
  }

  closed(index: number): Promise<void> {
    return this.#watchers.until(() => this.peer(index).closed, "a connection at the target to end");
  }

  until(holds: () => boolean): Promise<void> {
    return this.#watchers.until(holds, "the target's condition");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.peers) socket.destroy();
    this.#server.close();
  }
}

async function startTarget(): Promise<Target> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new Target(server);
}

function addressOf(server: Pick<Server, "address">) {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  return { host: "127.0.0.1", port: address.port };
}

/** Writes until nothing has gone out for a while. @throws when there is no end to it. */
async function fill(sender: Socket): Promise<void> {
  const piece = Buffer.alloc(64 * 1024);
  for (let pieces = 0; pieces < 1_000; pieces += 1) {
    if (sender.write(piece)) continue;
    await Promise.race([once(sender, "drain"), silence()]);
    if (sender.writableNeedDrain) return;
  }
  throw new Error("the sender was never made to wait");
}

/** Time for what should not come. */
function silence(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, silenceMs));
}
