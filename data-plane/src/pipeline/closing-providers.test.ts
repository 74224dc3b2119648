import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProxyFixture, startProxyFixture } from "../http/proxy-fixture.ts";

/** How the provider treats a connection it has answered on, when the next request comes by it. */
let close: (socket: Socket) => void;
let served: number;
let provider: Server;
let proxy: ProxyFixture;

const hello = { model: "demo", messages: [{ role: "user", content: "hi" }] };
const head = { id: "c", object: "chat.completion", created: 1, model: "up" };
const body = JSON.stringify({ ...head, choices: [] });
const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

beforeEach(async () => {
  served = 0;
  provider = createServer(answerOnce).listen(0, "127.0.0.1");
  await once(provider, "listening");
  const address = provider.address();
  const port = typeof address === "object" && address ? address.port : 0;
  proxy = await startProxyFixture({
    resources: {
      providers: [
        {
          name: "p",
          type: "PROVIDER_TYPE_OPENAI_COMPATIBLE",
          baseUrl: `http://127.0.0.1:${port}/v1`,
        },
      ],
      models: [{ name: "demo", deployments: [{ provider: "p" }] }],
      // No retry is allowed: what is shown is none.
      policy: { name: "default", retry: { maxAttempts: 1, budgetPercent: 0 } },
    },
  });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  provider.close();
});

describe("a provider that closes connections it kept alive, just as they are used again", () => {
  it.each([
    { name: "with an end", how: (socket: Socket) => void socket.destroy() },
    { name: "with a reset", how: (socket: Socket) => void socket.resetAndDestroy() },
  ])("$name: no client sees it, and the deployment does not rest", async ({ how }) => {
    close = how;
    // As many connections as calls at once; the second round meets them all closing.
    for (let round = 0; round < 3; round++) {
      const responses = await Promise.all(
        Array.from({ length: 8 }, () => proxy.post("/v1/chat/completions", hello)),
      );
      for (const response of responses) {
        expect(await response.text()).toBe(body);
        expect(response.headers.get("x-headgate-attempts")).toBe("1");
      }
    }
    expect(served).toBe(24);
    expect(proxy.deps.cooldowns.none).toBe(true);
  });

  it("but one that closes every connection unanswered is a failure", async () => {
    provider.removeAllListeners("connection");
    provider.on("connection", (socket: Socket) => {
      socket.on("error", () => {}).once("data", () => socket.resetAndDestroy());
    });
    const response = await proxy.post("/v1/chat/completions", hello);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_unavailable" } });
  });
});

/** Answers one request; `close`s at the first byte of the next. */
function answerOnce(socket: Socket): void {
  let received = "";
  let answered = false;
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    if (answered) return close(socket);
    received += chunk.toString("latin1");
    if (!received.endsWith("}")) return;
    answered = true;
    served += 1;
    socket.write(answer);
  });
}
