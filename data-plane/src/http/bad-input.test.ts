import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type FakeProvider, startFakeProvider } from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProxyFixture, startProxyFixture, testKey } from "./proxy-fixture.ts";

let provider: FakeProvider;
let proxy: ProxyFixture;

beforeAll(async () => {
  provider = await startFakeProvider();
  proxy = await startProxyFixture({
    bodyMaxBytes: 1_000,
    resources: {
      providers: [
        { name: "p", type: "PROVIDER_TYPE_OPENAI_COMPATIBLE", baseUrl: provider.baseUrl },
      ],
      models: [
        { name: "demo", deployments: [{ provider: "p" }] },
        { name: "other/model", deployments: [{ provider: "p" }] },
        { name: "far", deployments: [{ provider: "p", regions: ["mars"] }] },
      ],
      keys: [
        { name: "test", secret: testKey },
        { name: "narrow", secret: "sk-hg-narrow-0123456789", models: ["other/*"] },
        { name: "revoked", secret: "sk-hg-revoked-012345678", revokeTime: "2026-01-01T00:00:00Z" },
      ],
    },
  });
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await provider.stop();
});

const chat = "/v1/chat/completions";
const hello = { model: "demo", messages: [{ role: "user", content: "hi" }] };

interface Row {
  readonly name: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly status: number;
  readonly type?: string;
  readonly code: string;
  readonly param?: string | null;
}

describe("bad input", () => {
  const rows: Row[] = [
    { name: "an empty body", body: "", status: 400, code: "invalid_json" },
    {
      name: "broken JSON",
      body: '{"model":"demo","messages":[}',
      status: 400,
      code: "invalid_json",
    },
    {
      name: "a stream option given twice",
      body: '{"model":"demo","messages":[],"stream":true,"stream_options":{"include_usage":true,"include_usage":false}}',
      status: 400,
      code: "invalid_json",
      param: "stream_options",
    },
    { name: "JSON cut off", body: '{"model":"demo","mess', status: 400, code: "invalid_json" },
    { name: "JSON that is not an object", body: "[1]", status: 400, code: "invalid_json" },
    {
      name: "the model twice",
      body: '{"model":"demo","model":"x"}',
      status: 400,
      code: "invalid_json",
    },
    {
      name: "the model twice, once in disguise",
      body: '{"model":"demo","mod\\u0065l":"x"}',
      status: 400,
      code: "invalid_json",
    },
    {
      name: "a bad escape in the model",
      body: '{"model":"\\q"}',
      status: 400,
      code: "invalid_json",
      param: "model",
    },
    {
      name: "no model",
      body: { messages: [] },
      status: 400,
      code: "missing_required_parameter",
      param: "model",
    },
    {
      name: "a model that is no string",
      body: { ...hello, model: 4 },
      status: 400,
      code: "invalid_type",
      param: "model",
    },
    {
      name: "stream that is no boolean",
      body: { ...hello, stream: "yes" },
      status: 400,
      code: "invalid_type",
      param: "stream",
    },
    {
      name: "messages that are no list",
      body: { ...hello, messages: "hi" },
      status: 400,
      code: "invalid_type",
      param: "messages",
    },
    {
      name: "stream_options that are no object",
      body: { ...hello, stream_options: 1 },
      status: 400,
      code: "invalid_type",
      param: "stream_options",
    },
    {
      name: "max_tokens that is no number",
      body: { ...hello, max_tokens: "9" },
      status: 400,
      code: "invalid_type",
      param: "max_tokens",
    },
    {
      name: "tools that are no list",
      body: { ...hello, tools: {} },
      status: 400,
      code: "invalid_type",
      param: "tools",
    },
    {
      name: "input that is neither string nor list",
      path: "/v1/embeddings",
      body: { model: "demo", input: 1 },
      status: 400,
      code: "invalid_type",
      param: "input",
    },
    {
      name: "prompt that is neither string nor list",
      path: "/v1/completions",
      body: { model: "demo", prompt: {} },
      status: 400,
      code: "invalid_type",
      param: "prompt",
    },
    {
      name: "an unknown model",
      body: { ...hello, model: "gpt-9" },
      status: 404,
      code: "model_not_found",
      param: "model",
    },
    {
      name: "a model without deployments here",
      body: { ...hello, model: "far" },
      status: 503,
      type: "service_unavailable_error",
      code: "no_deployment",
      param: "model",
    },
    {
      name: "a model the key may not use",
      body: hello,
      headers: bearer("sk-hg-narrow-0123456789"),
      status: 403,
      type: "permission_error",
      code: "model_not_allowed",
      param: "model",
    },
    {
      name: "a body over the limit",
      body: { ...hello, user: "x".repeat(1_000) },
      status: 413,
      code: "request_too_large",
    },
    { name: "the wrong method", method: "DELETE", status: 405, code: "method_not_allowed" },
    { name: "GET on a call", method: "GET", status: 405, code: "method_not_allowed" },
    {
      name: "POST on models",
      path: "/v1/models",
      body: {},
      status: 405,
      code: "method_not_allowed",
    },
    {
      name: "a path without /v1",
      path: "/chat/completions",
      body: hello,
      status: 404,
      code: "unknown_url",
    },
    {
      name: "a path of no one",
      path: "/v1/nothing",
      body: hello,
      status: 404,
      code: "unknown_url",
    },
    {
      name: "a badly encoded model name",
      path: "/v1/models/%E0%A4%A",
      method: "GET",
      status: 404,
      code: "unknown_url",
    },
    {
      name: "an unknown model by name",
      path: "/v1/models/gpt-9",
      method: "GET",
      status: 404,
      code: "model_not_found",
      param: "model",
    },
    {
      name: "a form",
      body: "a=b",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      status: 415,
      code: "unsupported_media_type",
    },
    {
      name: "plain text",
      body: "hi",
      headers: { "content-type": "text/plain" },
      status: 415,
      code: "unsupported_media_type",
    },
    {
      name: "a compressed body",
      body: "x",
      headers: { "content-encoding": "gzip" },
      status: 415,
      code: "unsupported_media_type",
    },
    {
      name: "no key",
      body: hello,
      headers: { authorization: "" },
      status: 401,
      code: "invalid_api_key",
    },
    {
      name: "a key that is no bearer token",
      body: hello,
      headers: { authorization: "Basic abc" },
      status: 401,
      code: "invalid_api_key",
    },
    {
      name: "a key with a space in it",
      body: hello,
      headers: { authorization: "Bearer a b" },
      status: 401,
      code: "invalid_api_key",
    },
    {
      name: "an unknown key",
      body: hello,
      headers: bearer("sk-hg-unknown"),
      status: 401,
      code: "invalid_api_key",
    },
    {
      name: "a key beyond all measure",
      body: hello,
      headers: bearer("k".repeat(5_000)),
      status: 401,
      code: "invalid_api_key",
    },
    {
      name: "a revoked key",
      body: hello,
      headers: bearer("sk-hg-revoked-012345678"),
      status: 401,
      code: "invalid_api_key",
    },
    {
      name: "models without a key",
      path: "/v1/models",
      method: "GET",
      headers: { authorization: "" },
      status: 401,
      code: "invalid_api_key",
    },
  ];

  it.each(rows)("$name: $status $code", async (row) => {
    const { path = chat, method = "POST", headers = {}, body, status, code } = row;
    const response = await fetch(proxy.origin + path, {
      method,
      headers: { ...bearer(testKey), "content-type": "application/json", ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect({
      status: response.status,
      type: error["type"],
      code: error["code"],
      param: error["param"],
    }).toEqual({
      status,
      type: row.type ?? "invalid_request_error",
      code,
      param: row.param ?? null,
    });
    expect(error["message"]).toMatch(/\S{3,}.*[.]$/);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-headgate-error-source")).toBe("gateway");
    expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    expect(provider.requests).toEqual([]);
  });

  it.each(["constructor", "toString", "hasOwnProperty"])(
    "a member named %s is no different from others",
    async (name) => {
      const response = await proxy.post(chat, { ...hello, [name]: 1 });
      expect(response.status).toBe(200);
      await response.text();
      provider.reset();
    },
  );

  it("adds nothing to embeddings, though they ask for a stream", async () => {
    const body = '{"model":"demo","input":"x","stream":true}';
    await (await proxy.post("/v1/embeddings", body)).text();
    expect(provider.requests.map(({ body: sent }) => sent.toString())).toEqual([body]);
    provider.reset();
  });

  it("says which method is right", async () => {
    const response = await fetch(proxy.origin + chat, { headers: bearer(testKey) });
    expect(response.headers.get("allow")).toBe("POST");
  });

  it("tells a key only of models it may use", async () => {
    const init = { headers: bearer("sk-hg-narrow-0123456789") };
    const list = await fetch(`${proxy.origin}/v1/models`, init);
    expect(((await list.json()) as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual([
      "other/model",
    ]);
    expect((await fetch(`${proxy.origin}/v1/models/demo`, init)).status).toBe(404);
    for (const name of ["other/model", "other%2Fmodel"]) {
      const one = await fetch(`${proxy.origin}/v1/models/${name}`, init);
      expect(await one.json()).toEqual({
        id: "other/model",
        object: "model",
        created: 0,
        owned_by: "headgate",
      });
    }
  });

  it("takes keys where other vendors' clients put them", async () => {
    for (const name of ["x-api-key", "api-key", "x-goog-api-key"]) {
      const response = await fetch(`${proxy.origin}/v1/models`, { headers: { [name]: testKey } });
      expect([name, response.status]).toEqual([name, 200]);
    }
  });
});

describe("bytes that no client library sends", () => {
  const head = `POST ${chat} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${testKey}\r\ncontent-type: application/json\r\n`;
  const rows = [
    { name: "garbage", bytes: "\x16\x03\x01 hello\r\n\r\n", status: 400, code: "invalid_http" },
    {
      name: "two lengths",
      bytes: `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}x`,
      status: 400,
      code: "invalid_http",
    },
    {
      name: "a length and chunks",
      bytes: `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      status: 400,
      code: "invalid_http",
    },
    {
      name: "chunked, twice removed",
      bytes: `${head}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      status: 400,
      code: "invalid_http",
    },
    {
      name: "a length that is no number",
      bytes: `${head}content-length: 2x\r\n\r\n{}`,
      status: 400,
      code: "invalid_http",
    },
    {
      name: "a negative length",
      bytes: `${head}content-length: -1\r\n\r\n`,
      status: 400,
      code: "invalid_http",
    },
    {
      name: "a folded header",
      bytes: `${head}x-a: b\r\n c\r\n\r\n`,
      status: 400,
      code: "invalid_http",
    },
    {
      name: "a header with a null byte",
      bytes: `${head}x-a: b\0\r\n\r\n`,
      status: 400,
      code: "invalid_http",
    },
    {
      name: "headers without end",
      bytes: `${head}x-a: ${"b".repeat(20_000)}\r\n\r\n`,
      status: 431,
      code: "headers_too_large",
    },
    {
      name: "a declared length over the limit",
      bytes: `${head}content-length: 5000\r\n\r\n`,
      status: 413,
      code: "request_too_large",
    },
    {
      name: "a length over the limit, to be continued",
      bytes: `${head}expect: 100-continue\r\ncontent-length: 5000\r\n\r\n`,
      status: 413,
      code: "request_too_large",
    },
    {
      name: "chunks over the limit",
      bytes: `${head}transfer-encoding: chunked\r\n\r\n${`400\r\n${"x".repeat(1024)}\r\n`.repeat(3)}`,
      status: 413,
      code: "request_too_large",
    },
    {
      name: "an expectation that nobody knows",
      bytes: `${head}expect: wonders\r\ncontent-length: 2\r\n\r\n{}`,
      status: 400,
      code: "invalid_http",
    },
    {
      name: "a tunnel",
      bytes: "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n",
      status: 405,
      code: "method_not_allowed",
    },
  ];

  it.each(rows)("$name: $status $code", async ({ bytes, status, code }) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))).toMatchObject({
      error: { code, param: null },
    });
    expect(provider.requests).toEqual([]);
  });

  it("takes a whole URL where a path is usual", async () => {
    const answer = await exchange(
      `GET http://proxy.example/v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${testKey}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it("asks for the body where the client waits to be asked", async () => {
    const body = JSON.stringify(hello);
    const socket = connect(proxy.port, "127.0.0.1");
    socket.write(
      `${head}connection: close\r\nexpect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    socket.once("data", () => socket.write(body));
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    provider.reset();
  });

  it("answers a client that sends all of a body that is too large", async () => {
    const response = await proxy.post(chat, "x".repeat(8 * 1024 * 1024));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: "request_too_large" } });
  });
});

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

/** Send raw bytes; resolves to what came back once an answer is whole. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(proxy.port, "127.0.0.1");
    let received = "";
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer, but: ${received}`)));
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (/\r\n\r\n.*\}$/s.test(received)) socket.destroy();
    });
    socket.on("close", () => resolve(received));
    socket.write(bytes, "latin1");
  });
}
