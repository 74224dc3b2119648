import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import { type ResponsesCall, readResponses } from "@headgate/testing/vendor-readings";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { alignedTo } from "../differential/compare-readings.ts";
import { JudgedClient } from "../differential/judged-client.ts";
import { TranslationGateway } from "../differential/translation-gateway.ts";
import { type DialectCase, dialectCases } from "./dialect-case.ts";
import { refusals } from "./vendor-errors.ts";

const suite = "OpenAI's Responses client in front of every vendor";

describeExchanges(suite, (library) => {
  // A provider of type openai serves /responses itself: here it is chat that is translated.
  const cases = dialectCases(library).map(
    (played): DialectCase =>
      played.type === "openai" ? { ...played, type: "chat-server" } : played,
  );
  const streamed = cases.filter(({ exchange }) => exchange.stream);
  const schema = openAiSchemaOrNotice(suite);
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(cases);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    gateway.provider.reset();
    gateway.manner = {};
  });

  it.each(cases)("$name: the response says what the vendor said", async (played) => {
    const judged = judgedClient();
    const reading = await readResponses(judged.client, callFor(played));
    expect(reading).toEqual(alignedTo(reading, played.reading));
    expect(judged.problems(schema, shapes)).toEqual([]);
    expect(gateway.takeWrongRequests()).toEqual([]);
  });

  it.each(streamed)("$name: the client's own stream helper reads it", async (played) => {
    const { model, tools = [] } = callFor(played);
    const stream = judgedClient().client.responses.stream({ model, input: "Hello", tools });
    const response = await stream.finalResponse();
    const text = played.reading.choices.map((choice) => choice.text).join("");
    expect(response.output_text).toBe(text);
  });

  it.each(streamed)("$name: numbers its events, in pieces of any size", async (played) => {
    for (const splitEvery of [1, 7, 64]) {
      gateway.manner = { splitEvery };
      const { client } = judgedClient();
      const { model, tools = [] } = callFor(played);
      const request = { model, input: "Hello", tools, stream: true as const };
      const events = await Array.fromAsync(await client.responses.create(request));
      const numbers = events.map(({ sequence_number }) => sequence_number);
      expect(numbers).toEqual(events.map((_, index) => index));
      expect(events.at(0)?.type).toBe("response.created");
      expect(events.at(-1)?.type).toMatch(/^response\.(completed|incomplete)$/);
    }
  });

  describe.each(cases.filter(({ shows, exchange }) => shows === "text" && !exchange.stream))(
    "with $type behind it",
    (played) => {
      it.each(refusals)("$name: raises $openai.error", async ({ answer, openai }) => {
        gateway.provider.script(answer(played.type));
        const { model } = callFor(played);
        const call = judgedClient().client.responses.create({ model, input: "Hello" });
        const raised = await call.catch((error: unknown) => error);
        expect(raised).toBeInstanceOf(OpenAI[openai.error]);
        expect(raised).toMatchObject({ status: openai.status });
      });
    },
  );

  function judgedClient(): JudgedClient {
    return new JudgedClient({ baseURL: `${gateway.up.proxyUrl}/v1`, apiKey: gateway.apiKey });
  }

  function callFor(played: DialectCase): ResponsesCall {
    const calls = played.reading.choices.flatMap(({ toolCalls }) => toolCalls);
    const tools = [...new Set(calls.map(({ name }) => name))].map((name) => ({
      type: "function" as const,
      name,
      strict: false,
      parameters: { type: "object", properties: {} },
    }));
    return { model: gateway.modelOf(played), stream: played.exchange.stream, tools };
  }
});

const shapes = { whole: "response", piece: "response-event" } as const;
