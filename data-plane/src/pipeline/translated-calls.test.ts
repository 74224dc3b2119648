import { type FakeProvider, jsonAnswer, openAiAnswers, startFakeProvider } from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProxyFixture, startProxyFixture, testKey } from "../http/proxy-fixture.ts";
import {
  claudeError,
  claudeEvents,
  claudeStream,
  claudeText,
  overloadedEvent,
} from "./__fixtures__/claude.ts";

let claude: FakeProvider;
let openai: FakeProvider;
let second: FakeProvider;
let proxy: ProxyFixture;

const messages = [{ role: "user", content: "hi" }];

beforeEach(async () => {
  claude = await startFakeProvider({ behaviour: claudeText("Hello.") });
  openai = await startFakeProvider({ behaviour: openAiAnswers() });
  second = await startFakeProvider({ behaviour: openAiAnswers() });
  proxy = await fixture({});
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await claude.stop();
  await openai.stop();
  await second.stop();
});

function fixture(policy: object): Promise<ProxyFixture> {
  const credential = (name: string) => [{ name, apiKey: `sk-${name}` }];
  return startProxyFixture({
    resources: {
      providers: [
        {
          name: "claude",
          type: "PROVIDER_TYPE_ANTHROPIC",
          baseUrl: claude.origin,
          credentials: credential("claude-a"),
        },
        {
          name: "openai",
          type: "PROVIDER_TYPE_OPENAI",
          baseUrl: openai.baseUrl,
          credentials: credential("openai-a"),
        },
        {
          name: "second",
          type: "PROVIDER_TYPE_OPENAI",
          baseUrl: second.baseUrl,
          credentials: credential("second-a"),
        },
      ],
      models: [
        { name: "claude", deployments: [{ provider: "claude", model: "claude-up" }] },
        { name: "gpt", deployments: [{ provider: "openai", model: "gpt-up" }] },
        {
          name: "both",
          deployments: [
            { provider: "claude", model: "claude-up" },
            { provider: "openai", model: "gpt-up", priority: 1 },
          ],
        },
        {
          name: "pair",
          strategy: "STRATEGY_ROUND_ROBIN",
          deployments: [
            { provider: "openai", model: "gpt-up" },
            { provider: "second", model: "gpt-up" },
          ],
        },
      ],
      policy: { name: "default", ...policy },
    },
  });
}

function chat(model: string, more: object = {}): Promise<Response> {
  return proxy.post("/v1/chat/completions", { model, messages, ...more });
}

describe("a chat completion answered by Anthropic", () => {
  it("goes out in its dialect with its credential, and comes back in OpenAI's", async () => {
    const answer = await chat("claude", { max_tokens: 50 });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({
      object: "chat.completion",
      model: "claude-test-1",
      choices: [{ message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }],
      usage: {
        prompt_tokens: 14,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 4 },
      },
    });
    const [request] = await claude.waitFor(1);
    expect(request?.path).toBe("/v1/messages");
    expect(request?.headers).toMatchObject({
      "x-api-key": "sk-claude-a",
      "anthropic-version": "2023-06-01",
    });
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.json()).toMatchObject({ model: "claude-up", max_tokens: 50 });
    expect(proxy.lines.at(-1)).toMatchObject({ input_tokens: 14, output_tokens: 5 });
  });

  it("streams", async () => {
    claude.script(claudeStream(claudeEvents("Hel", "lo.")));
    const answer = await chat("claude", { stream: true, stream_options: { include_usage: true } });
    const events = (await answer.text()).trim().split("\n\n");
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(events.at(-1)).toBe("data: [DONE]");
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)));
    const said = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(said).toBe("Hello.");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 14 } });
  });

  it("names what it left out, or refuses it by a strict policy", async () => {
    const lenient = await chat("claude", { seed: 7, logit_bias: { "50256": -100 } });
    expect(lenient.status).toBe(200);
    const dropped = lenient.headers.get("x-headgate-dropped-parameters")?.split(", ").sort();
    expect(dropped).toEqual(["logit_bias", "seed"]);
    await proxy[Symbol.asyncDispose]();
    proxy = await fixture({ unsupportedParameters: "UNSUPPORTED_PARAMETERS_STRICT" });
    const strict = await chat("claude", { seed: 7 });
    expect(strict.status).toBe(400);
    expect(await strict.json()).toMatchObject({
      error: { code: "unsupported_parameter", param: "seed", type: "invalid_request_error" },
    });
  });

  it("is asked of another deployment that can take the parameter, if the policy is strict", async () => {
    await proxy[Symbol.asyncDispose]();
    proxy = await fixture({
      unsupportedParameters: "UNSUPPORTED_PARAMETERS_STRICT",
      retry: { maxAttempts: 1 },
    });
    const answer = await chat("both", { seed: 7 });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-headgate-deployment")).toBe("openai/openai-a/gpt-up");
    expect(answer.headers.get("x-headgate-attempts")).toBe("1");
    expect(claude.requests).toEqual([]);
  });

  it("is tried elsewhere when the stream fails before it says anything", async () => {
    const [start = ""] = claudeEvents();
    claude.script(claudeStream([start, overloadedEvent]));
    const answer = await chat("both", { stream: true });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-headgate-attempts")).toBe("2");
    expect(await answer.text()).toContain("[DONE]");
  });

  it("is tried elsewhere when the provider does not know the model, which rests then", async () => {
    claude.setBehaviour(claudeError(404, "not_found_error", "model: claude-up"));
    const answer = await chat("both");
    expect(answer.headers.get("x-headgate-attempts")).toBe("2");
    expect((await chat("both")).headers.get("x-headgate-attempts")).toBe("1");
    expect((await chat("claude")).status).toBe(404);
  });

  it.each([
    { name: "fails", events: [...claudeEvents("Hel").slice(0, 3), overloadedEvent] },
    { name: "ends", events: claudeEvents("Hel").slice(0, 3) },
  ])("tells of a stream that $name in the middle, without [DONE]", async ({ events }) => {
    claude.script(claudeStream(events));
    const text = await (await chat("claude", { stream: true })).text();
    expect(text).toContain('"content":"Hel"');
    expect(text).toContain('data: {"error":{"message":');
    expect(text).not.toContain("[DONE]");
    await expect.poll(() => proxy.lines.at(-1)).toMatchObject({ outcome: "interrupted" });
  });

  it.each([
    { status: 400, type: "invalid_request_error", sent: 400, code: null },
    { status: 401, type: "authentication_error", sent: 502, code: "upstream_credentials_rejected" },
    { status: 429, type: "rate_limit_error", sent: 429, code: "rate_limit_exceeded" },
    { status: 529, type: "overloaded_error", sent: 503, code: "server_is_overloaded" },
  ])("tells Anthropic's $status as OpenAI's $sent", async ({ status, type, sent, code }) => {
    claude.script(claudeError(status, type, "no"));
    const answer = await chat("claude");
    expect(answer.status).toBe(sent);
    const { error } = (await answer.json()) as { error: { code: unknown } };
    expect(error.code).toBe(code);
    expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
    if (sent === 429) expect(answer.headers.get("retry-after")).toBe("1");
  });

  describe("with an image by URL, and a provider that takes images as data only", () => {
    const said = { content: { parts: [{ text: "A pixel." }] }, finishReason: "STOP" };
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );

    it.each([
      { name: "fetches it where the operator allows the host", allowHosts: ["127.0.0.1"] },
      { name: "refuses to look into the network it stands in", allowHosts: [] },
    ])("$name", async ({ allowHosts }) => {
      const gemini = await startFakeProvider({ behaviour: jsonAnswer({ candidates: [said] }) });
      claude.setBehaviour({ headers: { "content-type": "image/png" }, body: png });
      await proxy[Symbol.asyncDispose]();
      proxy = await startProxyFixture({
        resources: {
          providers: [
            {
              name: "gemini",
              type: "PROVIDER_TYPE_GEMINI",
              baseUrl: `${gemini.origin}/v1beta`,
              credentials: [{ name: "g", apiKey: "g-key" }],
            },
          ],
          models: [{ name: "gemini", deployments: [{ provider: "gemini", model: "gemini-up" }] }],
          policy: { name: "default", fetch: { allowHosts } },
        },
      });
      const image_url = { url: `${claude.origin}/pixel.png` };
      const content = [{ type: "image_url", image_url }];
      const answer = await chat("gemini", { messages: [{ role: "user", content }] });
      const requests = gemini.requests.map((request) => JSON.stringify(request.json()));
      if (allowHosts.length > 0) {
        expect(answer.status).toBe(200);
        expect(requests.join()).toContain(png.toString("base64"));
        expect(claude.requests[0]?.headers.authorization).toBeUndefined();
      } else {
        expect(answer.status).toBe(400);
        expect(await answer.json()).toMatchObject({ error: { code: "media_not_fetched" } });
        expect([claude.requests, requests]).toEqual([[], []]);
      }
      await gemini.stop();
    });
  });

  it("makes no embeddings", async () => {
    const body = { model: "claude", input: "hi" };
    const answer = await proxy.post("/v1/embeddings", body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "unsupported_endpoint" } });
    const both = await proxy.post("/v1/embeddings", { ...body, model: "both" });
    expect(both.headers.get("x-headgate-deployment")).toBe("openai/openai-a/gpt-up");
  });
});

describe("an integer that no number holds, among the arguments of a call", () => {
  const digits = "12345678901234567890";

  it("stays as it is to Anthropic and back", async () => {
    const answered = `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"b","name":"f","input":{"id":${digits}}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`;
    claude.setBehaviour({ headers: { "content-type": "application/json" }, body: answered });
    const called = { name: "f", arguments: `{"id":${digits}}` };
    const call = { id: "a", type: "function", function: called };
    const answer = await proxy.post("/v1/chat/completions", {
      model: "claude",
      messages: [
        ...messages,
        { role: "assistant", tool_calls: [call] },
        { role: "tool", tool_call_id: "a", content: "ok" },
      ],
    });
    expect(claude.requests.at(-1)?.body.toString()).toContain(`"input":{"id":${digits}}`);
    expect(await answer.json()).toMatchObject({
      choices: [{ message: { tool_calls: [{ function: called }] } }],
    });
  });

  it("stays as it is from Anthropic's dialect and back", async () => {
    const called = { name: "f", arguments: `{"id":${digits}}` };
    const call = { id: "b", type: "function", function: called };
    const message = { role: "assistant", content: null, tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: "tool_calls" }];
    openai.setBehaviour(jsonAnswer({ id: "x", object: "chat.completion", model: "m", choices }));
    const turns = `{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"id":${digits}}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"ok"}]}`;
    const answer = await proxy.post(
      "/v1/messages",
      `{"model":"gpt","max_tokens":9,"messages":[${turns}]}`,
    );
    const sent = openai.requests.at(-1)?.json();
    expect(sent).toMatchObject({
      messages: [{}, { tool_calls: [{ function: called }] }, { role: "tool" }],
    });
    expect(await answer.text()).toContain(`"input":{"id":${digits}}`);
  });
});

describe("a model's failure that its server tells as 424", () => {
  it("is tried elsewhere, as a 500 is", async () => {
    const failed = { error: "Request failed during generation: oom", error_type: "generation" };
    openai.setBehaviour(jsonAnswer(failed, { status: 424 }));
    second.setBehaviour(jsonAnswer(failed, { status: 424 }));
    const answer = await chat("pair");
    expect(answer.headers.get("x-headgate-attempts")).toBe("2");
  });
});

describe("an Anthropic client", () => {
  const post = (body: object, path = "/v1/messages") =>
    proxy.post(path, body, { headers: { "anthropic-version": "2023-06-01" } });

  it("is relayed to Anthropic byte by byte but for the model's name", async () => {
    const spaced = `{ "model" : "claude" ,"max_tokens":7, "messages":[{"role":"user","content":"é"}] }`;
    const answer = await proxy.post("/v1/messages?beta=true", spaced, {
      headers: { "anthropic-version": "2026-10-21", "anthropic-beta": "some-beta-2025-01-01" },
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ type: "message", id: "msg_test" });
    expect(answer.headers.get("request-id")).toBe(answer.headers.get("x-request-id"));
    const [request] = await claude.waitFor(1);
    expect(request?.body.toString()).toBe(spaced.replace('"claude"', '"claude-up"'));
    expect(request?.headers).toMatchObject({
      "anthropic-version": "2026-10-21",
      "anthropic-beta": "some-beta-2025-01-01",
    });
  });

  it("is answered by an OpenAI deployment", async () => {
    const answer = await post({ model: "gpt", max_tokens: 7, messages });
    expect(await answer.json()).toMatchObject({
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: "Hello from the fake provider." }],
      stop_reason: "end_turn",
    });
    const [request] = await openai.waitFor(1);
    expect(request?.path).toBe("/v1/chat/completions");
    expect(request?.headers.authorization).toBe("Bearer sk-openai-a");
  });

  it("gets a count of tokens, from Anthropic or estimated", async () => {
    claude.script(jsonAnswer({ input_tokens: 123 }));
    const counted = await post({ model: "claude", messages }, "/v1/messages/count_tokens");
    expect(await counted.json()).toEqual({ input_tokens: 123 });
    const estimated = await post({ model: "gpt", messages }, "/v1/messages/count_tokens");
    const { input_tokens } = (await estimated.json()) as { input_tokens: number };
    expect(input_tokens).toBeGreaterThan(0);
    expect(input_tokens).toBeLessThan(100);
    expect(openai.requests).toEqual([]);
  });

  it.each([
    {
      name: "a wrong key",
      key: "sk-hg-wrong-0123456789",
      model: "gpt",
      status: 401,
      type: "authentication_error",
    },
    { name: "an unknown model", key: testKey, model: "none", status: 404, type: "not_found_error" },
  ])("reads of $name in its own words", async ({ key, model, status, type }) => {
    const headers = { "anthropic-version": "2023-06-01", authorization: `Bearer ${key}` };
    const answer = await proxy.post(
      "/v1/messages",
      { model, max_tokens: 1, messages },
      { headers },
    );
    expect(answer.status).toBe(status);
    const body = (await answer.json()) as {
      type: string;
      error: { type: string };
      request_id: string;
    };
    expect(body).toMatchObject({ type: "error", error: { type } });
    expect(body.request_id).toBe(answer.headers.get("request-id"));
  });

  it("reads of an overloaded provider as 529", async () => {
    claude.script(claudeError(529, "overloaded_error", "Overloaded"));
    const relayed = await post({ model: "claude", max_tokens: 1, messages });
    expect(relayed.status).toBe(529);
    openai.script(
      jsonAnswer(
        {
          error: { message: "x", type: "server_error", param: null, code: "server_is_overloaded" },
        },
        { status: 503 },
      ),
    );
    const translated = await post({ model: "gpt", max_tokens: 1, messages });
    expect(translated.status).toBe(529);
    expect(await translated.json()).toMatchObject({ error: { type: "overloaded_error" } });
  });
});

describe("a response that goes on from an earlier one", () => {
  const stored = (id: string) =>
    jsonAnswer({ id, object: "response", status: "completed", output: [], model: "gpt-up" });

  it("returns to the deployment that keeps the earlier one, by its id", async () => {
    openai.setBehaviour(stored("resp_abc"));
    second.setBehaviour(stored("resp_xyz"));
    const ask = (more: object = {}) =>
      proxy.post("/v1/responses", { model: "pair", input: "hi", ...more });
    const first = await ask();
    const { id } = (await first.json()) as { id: string };
    const keeper = first.headers.get("x-headgate-deployment");
    expect(id).toMatch(/^resp_hg[0-9a-f]{10}_(?:abc|xyz)$/);
    for (let turn = 0; turn < 4; turn++) {
      const next = await ask({ previous_response_id: id });
      expect(next.headers.get("x-headgate-deployment")).toBe(keeper);
    }
    const provider = keeper?.startsWith("openai") ? openai : second;
    const last = provider.requests.at(-1)?.json();
    expect(last?.["previous_response_id"]).toBe(id.replace(/hg[0-9a-f]{10}_/, ""));
  });

  it("is refused where no deployment keeps it", async () => {
    const body = { model: "claude", input: "hi", previous_response_id: "resp_elsewhere" };
    const answer = await proxy.post("/v1/responses", body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { param: "previous_response_id" } });
  });

  it("can be fetched and deleted at its keeper, and nowhere else", async () => {
    openai.setBehaviour(stored("resp_abc"));
    const created = await proxy.post("/v1/responses", { model: "gpt", input: "hi" });
    const { id } = (await created.json()) as { id: string };
    const path = `/v1/responses/${id}`;
    const fetched = await proxy.post(path, undefined, { method: "GET" });
    expect(await fetched.json()).toMatchObject({ id, object: "response" });
    openai.setBehaviour(jsonAnswer({ id: "resp_abc", object: "response.deleted", deleted: true }));
    const deleted = await proxy.post(path, undefined, { method: "DELETE" });
    expect(await deleted.json()).toEqual({ id, object: "response.deleted", deleted: true });
    expect(openai.requests.slice(1).map(({ method, path: asked }) => `${method} ${asked}`)).toEqual(
      ["GET /v1/responses/resp_abc", "DELETE /v1/responses/resp_abc"],
    );
    const unknown = await proxy.post("/v1/responses/resp_abc", undefined, { method: "GET" });
    expect(unknown.status).toBe(404);
  });
});

describe("an Azure client", () => {
  it("names the model in the path, which wins over the body's", async () => {
    const path = "/openai/deployments/gpt/chat/completions?api-version=2024-10-21";
    const answer = await proxy.post(
      path,
      { model: "other", messages },
      {
        headers: { authorization: "", "api-key": testKey },
      },
    );
    expect(answer.status).toBe(401);
    const keyed = await fetch(proxy.origin + path, {
      method: "POST",
      headers: { "api-key": testKey, "content-type": "application/json" },
      body: JSON.stringify({ messages }),
    });
    expect(keyed.status).toBe(200);
    const [request] = await openai.waitFor(1);
    expect(request?.json()).toMatchObject({ model: "gpt-up", messages });
  });
});
