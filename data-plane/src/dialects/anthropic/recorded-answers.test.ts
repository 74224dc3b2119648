import Anthropic from "@anthropic-ai/sdk";
import { isRecord, parseJson } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { expect, it } from "vitest";
import { collectAnswer } from "../../chat/collect-answer.ts";
import { anthropicApi } from "../../providers/anthropic/api.ts";
import type { WriteContext } from "../dialect.ts";
import { anthropicDialect } from "./dialect.ts";

type Json = Readonly<Record<string, unknown>>;

const context: WriteContext = {
  requestId: "req-1",
  model: "m",
  createdS: 0,
  includeUsage: false,
  request: { messages: [], tools: [], stream: true, more: { dialect: "anthropic", members: {} } },
};

/** Claude on Vertex answers in the dialect its clients speak: reading and writing must lose nothing. */
describeExchanges("Anthropic's recorded answers, read and written again", (exchanges) => {
  const answers = exchanges
    .list({
      providers: ["anthropic"],
      kinds: ["messages"],
      where: ({ response }) => response.status === 200,
    })
    .map((exchange) => ({ name: exchange.name, exchange }));
  const isStream = ({ exchange }: { exchange: Exchange }): boolean =>
    exchange.response.chunks !== undefined;

  it.each(answers.filter((one) => !isStream(one)))("$name", ({ exchange }) => {
    const body = parseJson(exchangeBytes(exchange).toString());
    const collected = collectAnswer(anthropicApi.chat.answer(body, context.request));
    if (collected.kind !== "answer") throw new Error(collected.kind);
    const written = anthropicDialect.writeAnswer(collected.answer, context);
    expect(told(written)).toEqual(told(body));
  });

  it.each(answers.filter(isStream))("$name", async ({ exchange }) => {
    const bytes = exchangeBytes(exchange);
    const reader = anthropicApi.chat.stream(context.request);
    const writer = anthropicDialect.streamWriter(context);
    const written = writer.write([...reader.push(bytes), ...reader.end()]) + writer.end();
    expect(told(await messageOf(written))).toEqual(told(await messageOf(bytes.toString())));
  });
});

async function messageOf(stream: string): Promise<unknown> {
  const fetch = async (): Promise<Response> =>
    new Response(stream, { headers: { "content-type": "text/event-stream" } });
  const client = new Anthropic({ apiKey: "k", baseURL: "http://127.0.0.1", fetch });
  const params = {
    model: "m",
    max_tokens: 9,
    messages: [{ role: "user" as const, content: "Hi" }],
  };
  return parseJson(JSON.stringify(await client.messages.stream(params).finalMessage()));
}

/** All but what only counts for bills: where it ran, and the parts of zeros. */
function told(message: unknown): unknown {
  if (!isRecord(message)) return message;
  const { usage, stop_details: details, content, context_management: _, ...rest } = message;
  const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } =
    recordOf(usage);
  return {
    ...rest,
    details: details ?? null,
    content: Array.isArray(content) ? content.map(withoutNoCitations) : content,
    usage: [
      input_tokens,
      output_tokens,
      cache_read_input_tokens ?? 0,
      cache_creation_input_tokens ?? 0,
    ],
  };
}

function withoutNoCitations(block: Json): Json {
  const { citations, ...rest } = block;
  return Array.isArray(citations) && citations.length > 0 ? block : rest;
}

function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {};
}
