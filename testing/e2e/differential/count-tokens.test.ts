import Anthropic from "@anthropic-ai/sdk";
import { isRecord } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Played, TranslationGateway } from "./translation-gateway.ts";

describeExchanges("recorded counts of prompts, asked for by Anthropic's client", (library) => {
  const cases = library
    .list({ kinds: ["count_tokens", "countTokens"] })
    .map((exchange) => ({ ...playedAs(exchange), name: exchange.name }));
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(cases);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });

  it.each(cases)("$name: the client gets the vendor's count", async (played) => {
    const client = new Anthropic({ apiKey: gateway.apiKey, baseURL: gateway.up.proxyUrl });
    const messages = [{ role: "user" as const, content: "Hello" }];
    const count = await client.messages.countTokens({ model: gateway.modelOf(played), messages });
    expect(count).toEqual({ input_tokens: countIn(played.exchange) });
    expect(gateway.takeWrongRequests()).toEqual([]);
  });
});

function playedAs(exchange: Exchange): Played {
  if (exchange.provider === "anthropic") {
    return { exchange, type: "anthropic", path: /^\/v1\/messages\/count_tokens$/ };
  }
  const path = /\/models\/upstream-\d+:countTokens$/;
  return { exchange, type: exchange.provider === "vertex" ? "vertex" : "gemini", path };
}

function countIn(exchange: Exchange): unknown {
  const body: unknown = JSON.parse(exchangeBytes(exchange).toString());
  return isRecord(body) ? (body["input_tokens"] ?? body["totalTokens"]) : undefined;
}
