import { once } from "node:events";
import { createServer } from "node:net";
import {
  type Answer,
  emptyAnswer,
  errorAnswer,
  errorInside200Answer,
  type FakeProvider,
  htmlAnswer,
  jsonAnswer,
  openAiAnswers,
  rateLimitedAnswer,
  serverErrorAnswer,
  startFakeProvider,
} from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProxyFixture, startProxyFixture } from "../http/proxy-fixture.ts";

let first: FakeProvider;
let second: FakeProvider;
let proxy: ProxyFixture;

const chat = "/v1/chat/completions";
const timeouts = { connect: "1s", firstToken: "0.4s", idle: "0.4s", total: "2s" };

beforeEach(async () => {
  first = await startFakeProvider();
  second = await startFakeProvider();
  const type = "PROVIDER_TYPE_OPENAI_COMPATIBLE";
  proxy = await startProxyFixture({
    resources: {
      providers: [
        {
          name: "first",
          type,
          baseUrl: first.baseUrl,
          credentials: [{ name: "a", apiKey: "sk-a" }],
        },
        {
          name: "second",
          type,
          baseUrl: second.baseUrl,
          credentials: [{ name: "b", apiKey: "sk-b" }],
        },
        { name: "gone", type, baseUrl: `http://127.0.0.1:${await unusedPort()}/v1` },
      ],
      models: [
        { name: "single", deployments: [{ provider: "first" }] },
        { name: "pair", deployments: [{ provider: "first" }, { provider: "second", priority: 1 }] },
        { name: "moved", deployments: [{ provider: "gone" }, { provider: "second", priority: 1 }] },
        { name: "gone", deployments: [{ provider: "gone" }] },
      ],
      policy: { name: "default", timeouts },
    },
  });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await first.stop();
  await second.stop();
});

function call(model: string, more: object = {}): Promise<Response> {
  return proxy.post(chat, { model, messages: [{ role: "user", content: "hi" }], ...more });
}

const limited = (seconds?: number): Answer => rateLimitedAnswer(seconds);
const cutStream: Answer = {
  headers: { "content-type": "text/event-stream" },
  body: "data: {}\n\n",
  cutAfter: 0,
};

describe("an attempt that fails before the first byte", () => {
  const rows: {
    name: string;
    answer: Answer;
    alone: { status: number; code: string; source: string };
  }[] = [
    {
      name: "500",
      answer: serverErrorAnswer(500),
      alone: { status: 500, code: "server_error", source: "upstream" },
    },
    {
      name: "429",
      answer: limited(1),
      alone: { status: 429, code: "rate_limit_exceeded", source: "upstream" },
    },
    {
      name: "401",
      answer: errorAnswer(401, { message: "bad key sk-a", type: "invalid_request_error" }),
      alone: { status: 502, code: "upstream_credentials_rejected", source: "gateway" },
    },
    {
      name: "403",
      answer: errorAnswer(403, { message: "no", type: "invalid_request_error" }),
      alone: { status: 502, code: "upstream_credentials_rejected", source: "gateway" },
    },
    {
      name: "HTML with 502",
      answer: htmlAnswer(502),
      alone: { status: 502, code: "upstream_unavailable", source: "gateway" },
    },
    {
      name: "HTML with 200",
      answer: htmlAnswer(200),
      alone: { status: 502, code: "upstream_invalid_response", source: "gateway" },
    },
    {
      name: "HTML with 429",
      answer: htmlAnswer(429),
      alone: { status: 429, code: "upstream_rate_limited", source: "gateway" },
    },
    {
      name: "an empty body",
      answer: emptyAnswer(),
      alone: { status: 502, code: "upstream_invalid_response", source: "gateway" },
    },
    {
      name: "an error inside a 200",
      answer: errorInside200Answer(),
      alone: { status: 502, code: "server_error", source: "upstream" },
    },
    {
      name: "a limit inside a 200",
      answer: jsonAnswer({ error: { code: 429, message: "slow down" } }),
      alone: { status: 429, code: "rate_limit_exceeded", source: "upstream" },
    },
    {
      name: "a body cut off",
      answer: jsonAnswer({ choices: [], pad: "x".repeat(500) }, { cutAfter: 100 }),
      alone: { status: 502, code: "upstream_unavailable", source: "gateway" },
    },
    {
      name: "a body that ends too early",
      answer: { ...jsonAnswer({}), body: ['{"choices":[', '{"x":1}]}'], closeAfter: 12 },
      alone: { status: 502, code: "upstream_invalid_response", source: "gateway" },
    },
    {
      name: "a connection closed without a word",
      answer: { refuse: true },
      alone: { status: 502, code: "upstream_unavailable", source: "gateway" },
    },
    {
      name: "nothing but headers, then silence",
      answer: { ...jsonAnswer({ choices: [] }), dripMs: 60_000, splitEvery: 1 },
      alone: { status: 504, code: "upstream_timeout", source: "gateway" },
    },
  ];

  it.each(rows)("$name: another deployment answers", async ({ answer }) => {
    first.script(answer);
    const response = await call("pair");
    expect(response.status).toBe(200);
    expect(response.headers.get("x-headgate-deployment")).toBe("second/b/pair");
    expect(response.headers.get("x-headgate-attempts")).toBe("2");
    await response.text();
    expect(proxy.lines.at(-1)).toMatchObject({
      status: 200,
      attempts: 2,
      outcome: "ok",
      input_tokens: 8,
    });
  });

  it.each(rows)("$name, and there is no other: the client is told", async ({ answer, alone }) => {
    first.setBehaviour(answer);
    const response = await call("single");
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(response.status).toBe(alone.status);
    expect(String(error["code"] ?? error["type"])).toBe(alone.code);
    expect(response.headers.get("x-headgate-error-source")).toBe(alone.source);
    expect(JSON.stringify(error)).not.toContain("sk-a");
    expect(proxy.lines.at(-1)).toMatchObject({ status: alone.status, outcome: "upstream_error" });
  });

  it("nothing listens there: another answers, or the client is told", async () => {
    expect((await call("moved")).headers.get("x-headgate-attempts")).toBe("2");
    const response = await call("gone");
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_unavailable" } });
  });

  it.each([
    ["cut before its answer", { refuse: true }],
    ["refused", serverErrorAnswer(503)],
    ["silent", { hold: true }],
  ])("a long prompt, %s: another gets all of it", async (_name, answer) => {
    first.script(answer);
    const messages = [{ role: "user", content: "é".repeat(500_000) }];
    const response = await call("pair", { messages, stream: true });
    expect([response.status, response.headers.get("x-headgate-attempts")]).toEqual([200, "2"]);
    expect(await response.text()).toContain("[DONE]");
    const [received] = await second.waitFor(1);
    expect(JSON.parse(String(received?.body)).messages).toEqual(messages);
  });

  it("a 400 is the client's to know, at once", async () => {
    first.script(
      errorAnswer(400, { message: "no such thing", type: "invalid_request_error", code: "x" }),
    );
    const response = await call("pair");
    expect([response.status, response.headers.get("x-headgate-attempts")]).toEqual([400, "1"]);
    expect(await response.json()).toEqual({
      error: { message: "no such thing", type: "invalid_request_error", param: null, code: "x" },
    });
  });

  it("rests a deployment that failed, and uses it when it is the last", async () => {
    first.script(limited(30));
    await call("pair");
    expect((await call("pair")).headers.get("x-headgate-attempts")).toBe("1");
    expect(first.requests.length).toBe(1);
    expect((await call("single")).status).toBe(200);
  });

  it("a 429 tells when to come back, in any case", async () => {
    first.script(limited(7));
    expect((await call("single")).headers.get("retry-after")).toBe("7");
    first.script(limited());
    expect((await call("single")).headers.get("retry-after")).toBe("1");
    first.script(
      errorAnswer(429, { message: "pay", type: "insufficient_quota", code: "insufficient_quota" }),
    );
    expect((await call("single")).headers.get("x-should-retry")).toBe("false");
    first.script(limited(3_600));
    const patient = (await call("single")).headers;
    expect([patient.get("retry-after"), patient.get("x-should-retry")]).toEqual(["3600", "false"]);
    first.script(htmlAnswer(429));
    expect((await call("single")).headers.get("retry-after")).toBe("1");
    first.script({ ...htmlAnswer(429), headers: { "retry-after": "9000" } });
    const long = (await call("single")).headers;
    expect([long.get("retry-after"), long.get("x-should-retry")]).toEqual(["9000", "false"]);
  });

  it.each(["", "Infinity", "-5", "soon"])("a retry-after of '%s' is none", async (value) => {
    first.script({ ...htmlAnswer(429), headers: { "retry-after": value } });
    expect((await call("single")).headers.get("retry-after")).toBe("1");
  });

  it.each([302, 307, 600])("a %i is neither followed nor passed on", async (status) => {
    first.script(jsonAnswer({ detail: "moved" }, { status, headers: { location: "/elsewhere" } }));
    const response = await call("single", { stream: true });
    expect([response.status, response.headers.get("location")]).toEqual([502, null]);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_invalid_response" } });
  });

  it("a silent provider: no first event in time", async () => {
    first.script({ hold: true });
    const response = await call("pair", { stream: true });
    expect(response.headers.get("x-headgate-attempts")).toBe("2");
    await response.text();
    await first.waitForIdle();
  });

  it("a plain answer may take longer than a first token, but not than the total", async () => {
    first.script({ ...jsonAnswer({ choices: [] }), delayMs: 800 });
    expect((await call("single")).status).toBe(200);
    first.setBehaviour({ hold: true });
    const response = await call("single");
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_timeout" } });
  });
});

describe("a stream", () => {
  const head = { id: "c", object: "chat.completion.chunk", created: 1, model: "up" };
  const event = (text: string): string => {
    const choices = [{ index: 0, delta: { content: text }, finish_reason: null }];
    return `data: ${JSON.stringify({ ...head, choices })}\n\n`;
  };
  const stream = (body: string, more: Answer = {}): Answer => ({
    headers: { "content-type": "text/event-stream" },
    body,
    ...more,
  });
  const body = event("one") + event("two");

  const broken: { name: string; answer: Answer; sent: string }[] = [
    {
      name: "is cut between events",
      answer: stream(body + event("three"), { cutAfter: body.length }),
      sent: body,
    },
    {
      name: "is cut within an event",
      answer: stream(body + event("three"), { cutAfter: body.length + 9 }),
      sent: body,
    },
    {
      name: "ends cleanly too early",
      answer: { ...stream(""), body: [body, event("three")], closeAfter: body.length },
      sent: body,
    },
    {
      name: "falls silent",
      answer: { ...stream(""), body: [body, event("three")], dripMs: 60_000 },
      sent: body,
    },
  ];

  it.each(broken)("that $name ends with an error event and no [DONE]", async ({ answer, sent }) => {
    first.setBehaviour(answer);
    const response = await call("single", { stream: true });
    const received = await response.text();
    expect(response.status).toBe(200);
    expect(received.startsWith(sent)).toBe(true);
    expect(JSON.parse(received.slice(sent.length).replace(/^data: /, ""))).toMatchObject({
      error: { type: "server_error", code: "stream_interrupted", param: null },
    });
    expect(received).not.toContain("[DONE]");
    expect(proxy.lines.at(-1)).toMatchObject({ status: 200, outcome: "interrupted" });
  });

  it.each([
    ["is cut before its first event", cutStream],
    [
      "begins with an error",
      stream('data: {"error":{"message":"busy","code":"overloaded_error"}}\n\n'),
    ],
    ["is empty", stream("")],
    [
      "has comments only, then an error",
      stream(': ping\n\n: ping\n\ndata: {"error":{"message":"x","code":500}}\n\n'),
    ],
  ])("that %s is tried elsewhere", async (_name, answer) => {
    first.script(answer);
    const response = await call("pair", { stream: true });
    expect(response.headers.get("x-headgate-attempts")).toBe("2");
    expect(await response.text()).toContain("[DONE]");
  });

  it("that begins with an error, and there is no other: the client gets its status", async () => {
    first.setBehaviour(stream('data: {"error":{"message":"busy","type":"overloaded_error"}}\n\n'));
    const response = await call("single", { stream: true });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      error: {
        message: "busy",
        type: "service_unavailable_error",
        param: null,
        code: "server_is_overloaded",
      },
    });
  });

  it("that tells of an error later on passes it to the client", async () => {
    const error = 'data: {"error":{"message":"x","type":"t","param":null,"code":null}}\n\n';
    first.script(stream(body + error));
    expect(await (await call("single", { stream: true })).text()).toBe(body + error);
    expect(proxy.lines.at(-1)).toMatchObject({ outcome: "interrupted" });
  });

  it("answered with JSON is passed on as JSON", async () => {
    first.script(jsonAnswer({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }));
    const response = await call("single", { stream: true });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(proxy.lines.at(-1)).toMatchObject({ input_tokens: 1, output_tokens: 2 });
  });

  it("keeps its usage event only if the client asked for it", async () => {
    first.setBehaviour(openAiAnswers());
    const plain = await (await call("single", { stream: true })).text();
    expect(plain).not.toContain("prompt_tokens");
    const asked = await (
      await call("single", { stream: true, stream_options: { include_usage: true } })
    ).text();
    expect(asked).toContain("prompt_tokens");
    const refused = await (
      await call("single", { stream: true, stream_options: { include_usage: false } })
    ).text();
    expect(refused).not.toContain("prompt_tokens");
    for (const line of proxy.lines)
      expect(line).toMatchObject({ input_tokens: 8, output_tokens: 3 });
    for (const { body } of first.requests) {
      expect(JSON.parse(body.toString())).toMatchObject({
        stream_options: { include_usage: true },
      });
    }
  });
});

describe("a large answer", () => {
  const big = {
    object: "chat.completion",
    choices: [{ message: { content: "x".repeat(3_000_000) } }],
    usage: { prompt_tokens: 5, completion_tokens: 0 },
  };

  it("is passed on whole, and its usage found at the end", async () => {
    first.script(jsonAnswer(big));
    const response = await call("single");
    expect(await response.json()).toEqual(big);
    expect(proxy.lines.at(-1)).toMatchObject({ outcome: "ok", input_tokens: 5, output_tokens: 0 });
  });

  it("that is cut off breaks the connection rather than look whole", async () => {
    first.script({ ...jsonAnswer(big), cutAfter: 2_000_000 });
    const response = await call("single");
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(proxy.lines.at(-1)).toMatchObject({ outcome: "interrupted" });
  });

  it("that is an error is not passed on", async () => {
    first.setBehaviour({
      status: 500,
      headers: { "content-type": "text/html" },
      body: "x".repeat(1_000_000),
    });
    const response = await call("single");
    expect(response.status).toBe(502);
  });
});

/** A port that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || !address) throw new Error("no address");
  return address.port;
}
