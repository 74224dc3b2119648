import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { fakeEmbedding, openAiAnswers, rateLimitedAnswer } from "@headgate/testing";
import { embedMany, generateText, jsonSchema, Output, streamText, tool } from "ai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chatModel, embeddingModel, type Gateway, startGateway } from "../gateway.ts";

const prompt = "Hello";
const citySchema = jsonSchema<{ city: string }>({
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
});

describe("ai with @ai-sdk/openai-compatible", () => {
  let gateway: Gateway;
  let provider: ReturnType<typeof createClient>;

  beforeAll(async () => {
    gateway = await startGateway();
    provider = createClient(gateway);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    gateway.provider.reset();
    gateway.provider.setBehaviour(openAiAnswers());
  });

  it("generates text", async () => {
    const { text, usage, finishReason } = await generateText({
      model: provider(chatModel),
      prompt,
    });
    expect({ text, finishReason }).toEqual({
      text: "Hello from the fake provider.",
      finishReason: "stop",
    });
    expect(usage.outputTokens).toBe(3);
  });

  it("streams text, and usage as it always asks for it", async () => {
    const result = streamText({ model: provider(chatModel), prompt });
    const deltas = await Array.fromAsync(result.textStream);
    expect(deltas.join("")).toBe("Hello from the fake provider.");
    expect((await result.usage).outputTokens).toBe(3);
  });

  it.each([
    { name: "plain", run: generate },
    { name: "streamed", run: stream },
  ])("calls a tool, $name", async ({ run }) => {
    gateway.provider.setBehaviour(openAiAnswers({ toolArguments: { city: "Oslo" } }));
    const execute = async () => "rain";
    const weather = tool({ description: "The weather.", inputSchema: citySchema, execute });
    const calls = await run({ model: provider(chatModel), prompt, tools: { weather } });
    expect(calls).toMatchObject([{ toolName: "weather", input: { city: "Oslo" } }]);
  });

  it("parses structured output", async () => {
    gateway.provider.setBehaviour(openAiAnswers({ text: '{"city":"Oslo"}' }));
    const output = Output.object({ schema: citySchema });
    const result = await generateText({ model: provider(chatModel), prompt, output });
    expect(result.output).toEqual({ city: "Oslo" });
    expect(gateway.provider.requests[0]?.json()).toMatchObject({
      response_format: { type: "json_schema" },
    });
  });

  it("embeds", async () => {
    const values = ["one", "three"];
    const result = await embedMany({ model: provider.embeddingModel(embeddingModel), values });
    const vectors = result.embeddings.map((embedding) => [...Float32Array.from(embedding)]);
    expect(vectors).toEqual(values.map((text) => fakeEmbedding(text)));
  });

  it("aborts a stream, and the provider sees it", async () => {
    gateway.provider.setBehaviour(openAiAnswers({ chunks: 1_000, chunkIntervalMs: 20 }));
    const abort = new AbortController();
    const { textStream } = streamText({
      model: provider(chatModel),
      prompt,
      abortSignal: abort.signal,
      onError: () => {},
    });
    for await (const _delta of textStream) abort.abort();
    const [request] = await gateway.provider.waitFor(1);
    if (request) await gateway.provider.waitForClose(request, 2_000);
    expect(request?.closedAtMs).toBeGreaterThan(0);
  });

  it("waits as long as retry-after says, then succeeds", async () => {
    gateway.provider.script(rateLimitedAnswer(1));
    const startedAtMs = performance.now();
    const { text } = await generateText({ model: provider(chatModel), prompt, maxRetries: 2 });
    expect(text).toBe("Hello from the fake provider.");
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(950);
    expect(gateway.provider.requests).toHaveLength(2);
  });

  it("raises when the provider's stream is cut", async () => {
    const whole = openAiAnswers({ chunks: 10 });
    gateway.provider.script((request) => ({ ...whole(request), cutAfter: 700 }));
    const errors: unknown[] = [];
    const onError = ({ error }: { error: unknown }) => void errors.push(error);
    const { textStream } = streamText({ model: provider(chatModel), prompt, onError });
    // Where it raises depends on how far the stream came.
    await Array.fromAsync(textStream).catch((error) => errors.push(error));
    expect(errors).toHaveLength(1);
  });
});

type TextOptions = Parameters<typeof generateText>[0];

async function generate(options: TextOptions): Promise<readonly unknown[]> {
  return (await generateText(options)).toolCalls;
}

async function stream(options: TextOptions): Promise<readonly unknown[]> {
  return await streamText(options).toolCalls;
}

function createClient({ apiKey, baseUrl }: Gateway) {
  return createOpenAICompatible({
    name: "headgate",
    apiKey,
    baseURL: baseUrl,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
}
