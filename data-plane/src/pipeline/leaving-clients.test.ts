import { once } from "node:events";
import {
  type Agent,
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
} from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Answer, type FakeProvider, startFakeProvider } from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProxyFixture, startProxyFixture, testKey } from "../http/proxy-fixture.ts";

let provider: FakeProvider;
let proxy: ProxyFixture;

beforeEach(async () => {
  provider = await startFakeProvider();
  proxy = await startProxyFixture({
    resources: resourcesAt(provider.baseUrl),
  });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await provider.stop();
});

const event =
  'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}\n\n';

/** An event at once, then nothing for as long as the test lasts. */
const endless: Answer = {
  headers: { "content-type": "text/event-stream" },
  body: [event, event],
  dripMs: 60_000,
};

describe("a client that leaves", () => {
  it("in the middle of a stream: the provider learns of it within 100 ms", async () => {
    provider.setBehaviour(endless);
    const { client, response } = await open({ stream: true });
    await once(response, "data");
    const [received] = await provider.waitFor(1);
    if (!received) throw new Error("no request");
    const leftMs = performance.now();
    client.destroy();
    expect((await provider.waitForClose(received)) - leftMs).toBeLessThan(100);
    await turn();
    expect(proxy.lines.at(-1)).toMatchObject({ status: 200, outcome: "client_closed" });
  });

  it("while a plain answer is awaited: the same, and the line says 499", async () => {
    provider.setBehaviour({ hold: true });
    const client = send({});
    const [received] = await provider.waitFor(1);
    if (!received) throw new Error("no request");
    const leftMs = performance.now();
    client.destroy();
    expect((await provider.waitForClose(received)) - leftMs).toBeLessThan(100);
    await turn();
    expect(proxy.lines.at(-1)).toMatchObject({ status: 499, outcome: "client_closed" });
  });

  it("within its own request leaves nothing behind", async () => {
    const client = request(proxy.origin + path, {
      method: "POST",
      headers: { ...headers, "content-length": 1_000 },
    });
    client.on("error", () => {});
    client.write("{");
    await once(client, "socket");
    await until(() => proxy.server.openCalls === 1);
    client.destroy();
    await until(() => proxy.server.openCalls === 0);
    expect(proxy.lines.at(-1)).toMatchObject({ status: 499, error_code: "client_closed" });
    expect(provider.requests).toEqual([]);
  });

  it("a thousand times leaves no sockets, deadlines or memory behind", async () => {
    provider.setBehaviour(endless);
    await abortStreams(200);
    const before = heapBytes();
    await abortStreams(1_000);
    expect(proxy.server.openCalls).toBe(0);
    expect(proxy.deps.deadlines.size).toBe(0);
    await provider.waitForSockets(0);
    expect(await openGauge()).toBe(0);
    // A leak of 4 KB per stream would show; what is measured includes the list of log lines.
    proxy.lines.length = 0;
    provider.reset();
    expect(heapBytes() - before).toBeLessThan(4 * 1024 * 1024);
  });
});

describe("an open stream", () => {
  it("keeps nothing of its prompt once the answer has begun", async () => {
    // Provider and clients that forget: what is left in this process is the proxy's.
    const forgetful = createServer((received, answer) => {
      received.resume().on("end", () => {
        answer.writeHead(200, { "content-type": "text/event-stream" }).write(event);
      });
    }).listen(0, "127.0.0.1");
    await once(forgetful, "listening");
    const { port } = forgetful.address() as AddressInfo;
    await using other = await startProxyFixture({
      resources: resourcesAt(`http://127.0.0.1:${port}/v1`),
    });
    const prompt = Buffer.from(
      JSON.stringify({ model: "demo", stream: true, messages: ["x".repeat(4_000_000)] }),
    );
    const sockets = [await openRaw(other.port, prompt)];
    const before = memoryBytes();
    for (let i = 0; i < 10; i++) sockets.push(await openRaw(other.port, prompt));
    expect(memoryBytes() - before).toBeLessThan(4_000_000);
    for (const socket of sockets) socket.destroy();
    forgetful.closeAllConnections();
    forgetful.close();
  });
});

describe("a client that reads slowly", () => {
  it("holds up its provider, and the proxy keeps less than 1 MiB for it", async () => {
    const chunks = 400;
    const big = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"content":"${"x".repeat(64 * 1024)}"},"finish_reason":null}]}\n\n`;
    let taken = 0;
    provider.setBehaviour({
      headers: { "content-type": "text/event-stream" },
      body: (function* () {
        for (; taken < chunks; taken++) yield big;
        yield "data: [DONE]\n\n";
      })(),
    });
    const { response } = await open({ stream: true });
    response.pause();
    // Wait until the provider has been held up: nothing more is taken for 20 turns of a 10 ms clock.
    let seen = -1;
    for (let quiet = 0; quiet < 20; quiet = taken === seen ? quiet + 1 : 0) {
      seen = taken;
      await proxy.deps.clock.sleep(10);
    }
    expect(taken).toBeLessThan(chunks);
    expect(proxy.server.bufferedBytes).toBeGreaterThan(0);
    expect(proxy.server.bufferedBytes).toBeLessThan(1024 * 1024);
    let received = 0;
    for await (const chunk of response) received += chunk.length;
    expect(received).toBe(chunks * big.length + "data: [DONE]\n\n".length);
    expect(proxy.lines.at(-1)).toMatchObject({ outcome: "ok" });
  });

  it("and not at all is let go once the idle time has passed", async () => {
    const big = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"content":"${"x".repeat(64 * 1024)}"},"finish_reason":null}]}\n\n`;
    provider.setBehaviour({
      headers: { "content-type": "text/event-stream" },
      body: Array.from({ length: 400 }, () => big),
    });
    const { response } = await open({ stream: true });
    response.pause();
    await until(() => proxy.lines.length === 1);
    expect(proxy.lines[0]).toMatchObject({ outcome: "interrupted" });
    await provider.waitForIdle();
    await expect(Array.fromAsync(response)).rejects.toThrow();
  });
});

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const path = "/v1/chat/completions";
const headers = { authorization: `Bearer ${testKey}`, "content-type": "application/json" };

function send(more: object, agent?: Agent): ClientRequest {
  const client = request(proxy.origin + path, {
    method: "POST",
    headers,
    ...(agent ? { agent } : {}),
  });
  client.on("error", () => {});
  client.end(JSON.stringify({ model: "demo", messages: [], ...more }));
  return client;
}

async function open(more: object): Promise<{ client: ClientRequest; response: IncomingMessage }> {
  const client = send(more);
  const [response] = (await once(client, "response")) as [IncomingMessage];
  response.on("error", () => {});
  return { client, response };
}

/** Open streams, fifty at a time, and break each off at its first event. */
async function abortStreams(count: number): Promise<void> {
  for (let done = 0; done < count; done += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const { client, response } = await open({ stream: true });
        await once(response, "data");
        client.destroy();
      }),
    );
    await until(() => proxy.server.openCalls === 0);
  }
}

function resourcesAt(baseUrl: string) {
  return {
    providers: [{ name: "p", type: "PROVIDER_TYPE_OPENAI_COMPATIBLE", baseUrl }],
    models: [{ name: "demo", deployments: [{ provider: "p" }] }],
    policy: { name: "default", timeouts: { idle: "2s" } },
  };
}

/** A stream on a connection of its own; resolves when its first bytes are there. */
async function openRaw(port: number, body: Buffer): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  const head = Object.entries({ ...headers, "content-length": body.length, host: "x" });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`POST ${path} HTTP/1.1\r\n${lines}\r\n`);
  socket.write(body);
  await once(socket, "data");
  return socket;
}

/** Heap and what buffers hold beside it. */
function memoryBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function openGauge(): Promise<number | undefined> {
  const metric = proxy.registry.getSingleMetric("headgate_open_calls");
  return (await metric?.get())?.values[0]?.value;
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error("waited 10 s in vain");
    await proxy.deps.clock.sleep(5);
  }
}
