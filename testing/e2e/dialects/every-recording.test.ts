import Anthropic from "@anthropic-ai/sdk";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import {
  type Reading,
  readAnthropic,
  readRaw,
  readResponses,
  servable,
  vendorKinds,
  vendorOf,
} from "@headgate/testing/vendor-readings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alignedTo } from "../differential/compare-readings.ts";
import { JudgedClient } from "../differential/judged-client.ts";
import {
  expectedReading,
  type TranslatedCase,
  translatedCases,
} from "../differential/translated-case.ts";
import { TranslationGateway } from "../differential/translation-gateway.ts";
import { inDialect } from "./dialect-differences.ts";

const suite = "every recorded answer of chat, asked for in other dialects than OpenAI's chat";

describeExchanges(suite, (library) => {
  const where = (exchange: Exchange) => vendorOf(exchange)?.name === "openai";
  const chats: TranslatedCase[] = library
    .list({ kinds: ["chat"], where })
    .map(servable)
    .map((exchange) => ({
      name: exchange.name,
      exchange,
      type: "chat-server",
      reading: expectedReading(exchange),
    }));
  const cases = [...translatedCases(library.list({ kinds: vendorKinds })), ...chats].filter(
    ({ exchange }) => exchange.kind !== "ollama-generate" && !endsUnfinished(exchange),
  );
  const schema = openAiSchemaOrNotice(suite);
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(cases);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });

  it.each(cases)("$name: by Anthropic's client", async (played) => {
    const { apiKey, up } = gateway;
    const client = new Anthropic({ apiKey, baseURL: up.proxyUrl, maxRetries: 0 });
    const call = { model: gateway.modelOf(played), stream: played.exchange.stream };
    const reading = await readAnthropic(client, call);
    const expected = inDialect("anthropic", played.exchange, played.reading);
    expect(reading).toEqual(withReasoningOf(reading, alignedTo(reading, expected)));
  });

  it.each(cases)("$name: by OpenAI's Responses client", async (played) => {
    const { apiKey, up } = gateway;
    const judged = new JudgedClient({ baseURL: `${up.proxyUrl}/v1`, apiKey });
    const call = { model: gateway.modelOf(played), stream: played.exchange.stream };
    const reading = await readResponses(judged.client, call);
    const expected = inDialect("responses", played.exchange, played.reading);
    expect(reading).toEqual(alignedTo(reading, expected));
    expect(judged.problems(schema, { whole: "response", piece: "response-event" })).toEqual([]);
  });
});

/** Servers of OpenAI's dialect have thoughts in many places; where our reading finds none, any will do. */
function withReasoningOf(actual: Reading, expected: Reading): Reading {
  if (actual.kind !== "answer" || expected.kind !== "answer") return expected;
  const choices = expected.choices.map((choice, index) => ({
    ...choice,
    reasoning: choice.reasoning || (actual.choices[index]?.reasoning ?? ""),
  }));
  return { ...expected, choices };
}

/** A stream that says `[DONE]` without a reason: what came is all there is, and it is told as whole. */
function endsUnfinished(exchange: Exchange): boolean {
  if (readRaw(exchange).kind !== "incomplete") return false;
  return /^data: \[DONE\]/m.test(exchangeBytes(exchange).toString());
}
