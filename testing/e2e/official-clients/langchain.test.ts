import { fakeEmbedding, openAiAnswers, rateLimitedAnswer } from "@headgate/testing";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { chatModel, embeddingModel, type Gateway, startGateway } from "../gateway.ts";

const citySchema = z.object({ city: z.string() });

describe("@langchain/openai", () => {
  let gateway: Gateway;
  let model: ChatOpenAI;

  beforeAll(async () => {
    gateway = await startGateway();
    const { apiKey, baseUrl } = gateway;
    model = new ChatOpenAI({ model: chatModel, apiKey, configuration: { baseURL: baseUrl } });
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    gateway.provider.reset();
    gateway.provider.setBehaviour(openAiAnswers());
  });

  it("invokes", async () => {
    const message = await model.invoke("Hello");
    expect(message.text).toBe("Hello from the fake provider.");
    expect(message.usage_metadata).toMatchObject({ output_tokens: 3 });
  });

  it("streams, with usage as it always asks for it", async () => {
    const chunks = await Array.fromAsync(await model.stream("Hello"));
    expect(chunks.map((chunk) => chunk.text).join("")).toBe("Hello from the fake provider.");
    const usage = chunks.flatMap((chunk) => chunk.usage_metadata ?? []);
    expect(usage).toMatchObject([{ output_tokens: 3 }]);
  });

  it("calls a tool, plain and streamed", async () => {
    gateway.provider.setBehaviour(openAiAnswers({ toolArguments: { city: "Oslo" } }));
    const about = { name: "weather", description: "The weather.", schema: citySchema };
    const bound = model.bindTools([tool(() => "rain", about)]);
    const call = { name: "weather", args: { city: "Oslo" } };
    expect((await bound.invoke("Weather?")).tool_calls).toMatchObject([call]);
    const chunks = await Array.fromAsync(await bound.stream("Weather?"));
    const whole = chunks.reduce((all, chunk) => all.concat(chunk));
    expect(whole.tool_calls).toMatchObject([call]);
  });

  it.each(["jsonSchema", "jsonMode", "functionCalling"] as const)(
    "parses structured output by %s",
    async (method) => {
      const city = { city: "Oslo" };
      const said = { text: JSON.stringify(city), toolArguments: city };
      gateway.provider.setBehaviour(openAiAnswers(said));
      const structured = model.withStructuredOutput(citySchema, { method, name: "city" });
      expect(await structured.invoke("Which city? Answer in JSON.")).toEqual(city);
    },
  );

  it("embeds, which it does in base64", async () => {
    const { apiKey, baseUrl } = gateway;
    const configuration = { baseURL: baseUrl };
    const embeddings = new OpenAIEmbeddings({ model: embeddingModel, apiKey, configuration });
    const texts = ["one", "three"];
    const vectors = await embeddings.embedDocuments(texts);
    expect(vectors).toEqual(texts.map((text) => fakeEmbedding(text)));
    expect(gateway.provider.requests[0]?.json()).toMatchObject({ encoding_format: "base64" });
  });

  it("aborts a stream, and the provider sees it", async () => {
    gateway.provider.setBehaviour(openAiAnswers({ chunks: 1_000, chunkIntervalMs: 20 }));
    const abort = new AbortController();
    const stream = await model.stream("Hello", { signal: abort.signal });
    const read = Array.fromAsync(stream, () => abort.abort());
    await expect(read).rejects.toThrow(/abort/i);
    const [request] = await gateway.provider.waitFor(1);
    if (request) await gateway.provider.waitForClose(request, 2_000);
    expect(request?.closedAtMs).toBeGreaterThan(0);
  });

  it("waits as long as retry-after says, then succeeds", async () => {
    gateway.provider.script(rateLimitedAnswer(1));
    const startedAtMs = performance.now();
    const message = await model.invoke("Hello");
    expect(message.text).toBe("Hello from the fake provider.");
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(950);
  });

  it("raises when the provider's stream is cut", async () => {
    const whole = openAiAnswers({ chunks: 10 });
    gateway.provider.script((request) => ({ ...whole(request), cutAfter: 700 }));
    const stream = await model.stream("Hello");
    await expect(Array.fromAsync(stream)).rejects.toThrow();
  });
});
