import { isDeepStrictEqual } from "node:util";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { type OpenAiShape, openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  asksForUsage,
  eventData,
  eventsOf,
  isRelayed,
  recordedEvents,
  relayedKinds,
  reportedUsage,
  requestBodyOf,
  withoutUsageEvents,
} from "./recorded-calls.ts";
import { Replay, type Replayed } from "./replay.ts";

/** Bytes in each write of the provider. The last stands for "whole". */
const pieceSizes = [1, 2, 3, 7, 16, 64, 1_000, 1_000_000];

describeExchanges("recorded exchanges through headgate", (library) => {
  const exchanges = library.list({ kinds: relayedKinds, where: isRelayed });
  const streams = exchanges.filter(({ stream }) => stream);
  const plain = exchanges.filter(({ stream }) => !stream);
  const schema = openAiSchemaOrNotice("recorded exchanges through headgate");
  let replay: Replay;

  /** Answers that OpenAI's description allows stay as they are; others are mended until it does. */
  const conforms = (shape: OpenAiShape, value: unknown) =>
    schema?.problems(shape, value).length === 0;

  beforeAll(async () => {
    replay = await Replay.start(exchanges);
  });
  afterAll(async () => {
    await replay?.[Symbol.asyncDispose]();
  });

  it("are enough to prove something", () => {
    expect(streams.length).toBeGreaterThan(40);
    expect(plain.length).toBeGreaterThan(100);
  });

  it.each(plain)("$name: same status, same JSON", async (exchange) => {
    const answer = await replay.call(exchange);
    const { status } = exchange.response;
    if (jsonOf(exchangeBytes(exchange)) === null) return expect(answer.status).toBe(502);
    if (status === 401 || status === 403) {
      // The provider refused our credential. That is ours to mend, not the client's.
      expect(answer.status).toBe(502);
      const error = { code: "upstream_credentials_rejected", type: "server_error" };
      expect(jsonOf(answer.body)).toMatchObject({ error });
      return;
    }
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    const shape = status < 300 ? answerShapes[exchange.kind] : "error";
    const recorded = jsonOf(exchangeBytes(exchange));
    // Perplexity gives base64 to those who ask for floats: what they get are floats.
    const asAsked = exchange.kind !== "embeddings" || exchange.provider !== "perplexity";
    if (shape && asAsked && conforms(shape, recorded))
      expect(jsonOf(answer.body)).toEqual(recorded);
    else expect(shape && schema?.problems(shape, jsonOf(answer.body))).toEqual([]);
  });

  it.each(streams)("$name: same bytes", async (exchange) => {
    const answer = await replay.call(exchange);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const shape = exchange.kind === "chat" ? "chat-chunk" : "completion-chunk";
    const expected = expectedEvents(exchange);
    const events = eventsOf(answer.body.toString());
    expect(events.length).toBe(expected.length);
    for (const [index, event] of expected.entries()) {
      const sent = events[index] ?? "";
      const data = eventData(event);
      const isError = data?.["error"] !== undefined;
      if (data === undefined || conforms(isError ? "error" : shape, data)) expect(sent).toBe(event);
      else expect(schema?.problems(isError ? "error" : shape, eventData(sent)) ?? []).toEqual([]);
    }
  });

  it("the call log counts what the provider counted", async () => {
    const counted = exchanges.filter((exchange) => reportedUsage(exchange) !== undefined);
    const failures: unknown[] = [];
    const answers: Replayed[] = [];
    for (const exchange of counted) answers.push(await replay.call(exchange));
    for (const [index, answer] of answers.entries()) {
      const exchange = counted[index];
      const line = await replay.callLog(answer);
      const logged = { input_tokens: line["input_tokens"], output_tokens: line["output_tokens"] };
      const expected = exchange && reportedUsage(exchange);
      if (!isDeepStrictEqual(logged, expected)) {
        failures.push({ name: exchange?.name, expected, logged });
      }
    }
    expect(counted.length).toBeGreaterThan(100);
    expect(failures).toEqual([]);
  });

  it.each(exchanges)("$name: the provider is asked what the client asked", async (exchange) => {
    replay.provider.reset();
    await replay.call(exchange);
    const [request] = await replay.provider.waitFor(1);
    const model = replay.modelOf(exchange).replace("recorded", "upstream");
    const asked = requestBodyOf(exchange, model);
    const options = asked["stream_options"] as object | undefined;
    const usage = exchange.stream ? { stream_options: { ...options, include_usage: true } } : {};
    expect(request?.json()).toEqual({ ...asked, ...usage });
  });

  it.each(pieceSizes)(
    "streams are the same in pieces of %i bytes",
    async (splitEvery) => {
      const failures: unknown[] = [];
      for (const exchange of streams) {
        const whole = await replay.call(exchange);
        const text = (await replay.call(exchange, { splitEvery })).body.toString();
        if (text !== whole.body.toString()) failures.push({ name: exchange.name, text });
      }
      expect(failures).toEqual([]);
    },
    60_000,
  );

  it.each([1, 64])(
    "JSON answers are the same in pieces of %i bytes",
    async (splitEvery) => {
      const failures: unknown[] = [];
      for (const exchange of plain.filter(({ response }) => response.status === 200)) {
        const whole = await replay.call(exchange);
        const { body } = await replay.call(exchange, { splitEvery });
        if (!body.equals(whole.body)) failures.push({ name: exchange.name });
      }
      expect(failures).toEqual([]);
    },
    60_000,
  );

  it.each([
    { name: "cut", end: (bytes: number) => ({ cutAfter: bytes }) },
    { name: "closed cleanly", end: (bytes: number) => ({ closeAfter: bytes }) },
  ])("streams $name in the middle end in an error, never in [DONE]", async ({ end }) => {
    const failures: unknown[] = [];
    for (const exchange of streams) {
      const bytes = Math.floor(exchangeBytes(exchange).length / 2);
      const full = (await replay.call(exchange)).body.toString();
      const text = (await replay.call(exchange, end(bytes))).body.toString();
      const [error = ""] = interruption.exec(text) ?? [];
      const said = text.slice(0, text.length - error.length);
      const told = said.includes('"error":{') || /"finish_reason": ?"/.test(said);
      const good = full.startsWith(said) && said.length >= wholeLength(exchange, bytes) / 2;
      if (!good || !(error || told) || text.includes("[DONE]")) {
        failures.push({ name: exchange.name, said, error });
      }
    }
    expect(failures).toEqual([]);
  });
});

const interruption = /data: {"error":{"message":[^\n]*"code":"stream_interrupted"}}\r?\n\r?\n$/;

const answerShapes: Readonly<Record<string, OpenAiShape>> = {
  chat: "chat",
  completions: "completion",
  embeddings: "embeddings",
};

/** The recorded stream, less the usage that the client did not ask for. */
function expectedEvents(exchange: Exchange): readonly string[] {
  const events = recordedEvents(exchange);
  const asked = asksForUsage(requestBodyOf(exchange, ""));
  return asked ? events : withoutUsageEvents(events);
}

/** Of the whole events within the first `bytes`. Mending makes some of them shorter. */
function wholeLength(exchange: Exchange, bytes: number): number {
  const seen = exchangeBytes(exchange).subarray(0, bytes).toString("latin1");
  return Math.max(0, seen.search(/\n\r?\n(?![\s\S]*\n\r?\n)/));
}

function jsonOf(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString());
}
