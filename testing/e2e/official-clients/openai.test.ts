import {
  errorAnswer,
  fakeEmbedding,
  openAiAnswers,
  rateLimitedAnswer,
  withDeadline,
} from "@headgate/testing";
import OpenAI7 from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import OpenAI6 from "openai-6";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { chatModel, embeddingModel, type Gateway, slashedModel, startGateway } from "../gateway.ts";

/** The two newest majors. Same surface for all that is used here, but their types are unrelated. */
const majors = [
  { major: "openai 7", OpenAI: OpenAI7 },
  { major: "openai 6", OpenAI: OpenAI6 as unknown as typeof OpenAI7 },
];

const messages = [{ role: "user" as const, content: "Hello" }];
const tools = [
  {
    type: "function" as const,
    function: {
      name: "weather",
      parameters: { type: "object", properties: { city: { type: "string" } } },
    },
  },
];

describe.each(majors)("$major", ({ OpenAI }) => {
  let gateway: Gateway;
  let client: OpenAI7;

  beforeAll(async () => {
    gateway = await startGateway();
    client = new OpenAI({ apiKey: gateway.apiKey, baseURL: gateway.baseUrl });
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    gateway.provider.reset();
    gateway.provider.setBehaviour(openAiAnswers());
  });

  it("completes a chat, and is told the request id", async () => {
    const call = client.chat.completions.create({ model: chatModel, messages });
    const { data, request_id } = await call.withResponse();
    expect(data.choices[0]?.message.content).toBe("Hello from the fake provider.");
    expect(data.usage?.completion_tokens).toBe(3);
    expect(request_id).toMatch(/\S+/);
    expect(gateway.provider.requests[0]?.json()).toMatchObject({ messages });
  });

  it("streams a chat, without usage as it did not ask", async () => {
    const stream = await client.chat.completions.create({
      model: chatModel,
      messages,
      stream: true,
    });
    const chunks = await Array.fromAsync(stream);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe("Hello from the fake provider.");
    expect(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage)).toBe(true);
  });

  it("streams usage in a last chunk when asked", async () => {
    const stream = await client.chat.completions.create({
      model: chatModel,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const last = (await Array.fromAsync(stream)).at(-1);
    expect(last).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
  });

  it("assembles a streamed tool call", async () => {
    gateway.provider.setBehaviour(openAiAnswers({ toolArguments: { city: "Oslo" } }));
    const stream = client.chat.completions.stream({ model: chatModel, messages, tools });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [{ function: { name: "weather", arguments: '{"city":"Oslo"}' } }] },
    });
  });

  it("runs a tool and gets the answer after it", async () => {
    gateway.provider.setBehaviour(openAiAnswers({ toolArguments: { city: "Oslo" } }));
    const create = (more: typeof messages | readonly unknown[]) =>
      client.chat.completions.create({
        model: chatModel,
        messages: [...messages, ...(more as [])],
        tools,
        parallel_tool_calls: true,
      });
    const message = (await create([])).choices[0]?.message;
    const call = message?.tool_calls?.[0];
    const result = { role: "tool", tool_call_id: call?.id ?? "", content: "rain" };
    const answer = await create([message, result]);
    expect(answer.choices[0]?.message.content).toBe("Hello from the fake provider.");
  });

  it("parses structured output", async () => {
    gateway.provider.setBehaviour(openAiAnswers({ text: '{"city":"Oslo","degrees":4}' }));
    const schema = z.object({ city: z.string(), degrees: z.number() });
    const answer = await client.chat.completions.parse({
      model: chatModel,
      messages,
      response_format: zodResponseFormat(schema, "weather"),
    });
    expect(answer.choices[0]?.message.parsed).toEqual({ city: "Oslo", degrees: 4 });
    expect(gateway.provider.requests[0]?.json()).toMatchObject({
      response_format: { type: "json_schema", json_schema: { name: "weather", strict: true } },
    });
  });

  it("completes a prompt, plain and streamed", async () => {
    const prompt = { model: chatModel, prompt: "Once" };
    const whole = await client.completions.create(prompt);
    const stream = await client.completions.create({ ...prompt, stream: true });
    const texts = (await Array.fromAsync(stream)).map((chunk) => chunk.choices[0]?.text);
    expect(texts.join("")).toBe(whole.choices[0]?.text);
  });

  it.each([undefined, "base64", "float"] as const)("embeds, encoding_format %s", async (format) => {
    const input = ["one", "three"];
    const encoding = format ? { encoding_format: format } : {};
    const answer = await client.embeddings.create({ model: embeddingModel, input, ...encoding });
    const vectors = answer.data.map(({ embedding }) => floatsOf(embedding));
    expect(vectors).toEqual(input.map((text) => fakeEmbedding(text)));
  });

  it("lists models, and finds one whose id has a slash", async () => {
    const ids = (await Array.fromAsync(client.models.list())).map(({ id }) => id);
    expect(ids.sort()).toEqual([slashedModel, embeddingModel, chatModel].sort());
    expect(await client.models.retrieve(slashedModel)).toMatchObject({ id: slashedModel });
    await expect(client.models.retrieve("nobody/none")).rejects.toBeInstanceOf(
      OpenAI.NotFoundError,
    );
  });

  it("aborts a stream, and the provider sees it", async () => {
    gateway.provider.setBehaviour(openAiAnswers({ chunks: 1_000, chunkIntervalMs: 20 }));
    const stream = await client.chat.completions.create({
      model: chatModel,
      messages,
      stream: true,
    });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break;
    }
    stream.controller.abort();
    const [request] = await gateway.provider.waitFor(1);
    if (request) await gateway.provider.waitForClose(request, 2_000);
    expect(request?.closedAtMs).toBeGreaterThan(0);
  });

  it("aborts a call that has no answer yet, and the provider sees it", async () => {
    gateway.provider.script({ hold: true });
    const abort = new AbortController();
    const { signal } = abort;
    const call = client.chat.completions.create({ model: chatModel, messages }, { signal });
    const failed = expect(call).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    const [request] = await gateway.provider.waitFor(1);
    abort.abort();
    await failed;
    if (request) await gateway.provider.waitForClose(request, 2_000);
    expect(request?.closedAtMs).toBeGreaterThan(0);
  });

  it("waits as long as retry-after says, then succeeds", async () => {
    gateway.provider.script(rateLimitedAnswer(1));
    const startedAtMs = performance.now();
    const answer = await client.chat.completions.create({ model: chatModel, messages });
    expect(answer.choices).toHaveLength(1);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(950);
    expect(gateway.provider.requests).toHaveLength(2);
  });

  it("gets its own class of error for each", async () => {
    const quick = new OpenAI({ apiKey: gateway.apiKey, baseURL: gateway.baseUrl, maxRetries: 0 });
    const stranger = new OpenAI({ apiKey: "sk-nobody", baseURL: gateway.baseUrl, maxRetries: 0 });
    const create = (from: OpenAI7, model: string) =>
      from.chat.completions.create({ model, messages });
    await expect(create(stranger, chatModel)).rejects.toMatchObject({
      status: 401,
      code: "invalid_api_key",
    });
    await expect(create(quick, "no-such-model")).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
    const refusal = { message: "max_tokens is too large", type: "invalid_request_error" };
    gateway.provider.script(errorAnswer(400, refusal));
    const refused = create(quick, chatModel);
    await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(refused).rejects.toThrow(refusal.message);
  });

  it.each([
    { name: "cut", cut: { cutAfter: 700 } },
    { name: "cleanly closed", cut: { closeAfter: 700 } },
  ])("raises, rather than end silently, when the provider's stream is $name", async ({ cut }) => {
    const whole = openAiAnswers({ chunks: 10 });
    gateway.provider.script((request) => ({ ...whole(request), ...cut }));
    const stream = await client.chat.completions.create({
      model: chatModel,
      messages,
      stream: true,
    });
    const read = withDeadline(Array.fromAsync(stream), "the stream to fail");
    await expect(read).rejects.toBeInstanceOf(OpenAI.APIError);
  });
});

/** An embedding as the client gives it: floats, or base64 when that was asked for by name. */
function floatsOf(embedding: readonly number[] | string): readonly number[] {
  if (typeof embedding !== "string") return embedding;
  const bytes = Buffer.from(embedding, "base64");
  return [...new Float32Array(new Uint8Array(bytes).buffer)];
}
