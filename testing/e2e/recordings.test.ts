import { isDeepStrictEqual } from "node:util";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  asksForUsage,
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
  let replay: Replay;

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
    if (status === 401 || status === 403) {
      // The provider refused our credential. That is ours to mend, not the client's.
      expect(answer.status).toBe(502);
      const error = { code: "upstream_credentials_rejected", type: "server_error" };
      expect(jsonOf(answer.body)).toMatchObject({ error });
      return;
    }
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    expect(jsonOf(answer.body)).toEqual(jsonOf(exchangeBytes(exchange)));
  });

  it.each(streams)("$name: same bytes", async (exchange) => {
    const answer = await replay.call(exchange);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(answer.body.toString()).toBe(expectedStream(exchange));
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
        const answer = await replay.call(exchange, { splitEvery });
        const text = answer.body.toString();
        if (text !== expectedStream(exchange)) failures.push({ name: exchange.name, text });
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
        const { body } = await replay.call(exchange, { splitEvery });
        if (!body.equals(exchangeBytes(exchange))) failures.push({ name: exchange.name });
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
      const text = (await replay.call(exchange, end(bytes))).body.toString();
      const whole = wholeEvents(exchange, bytes);
      const told = whole.includes('"error":{') || whole.includes('"finish_reason":"stop"');
      const appended = text.slice(whole.length);
      const isError = /^data: {"error":{"message":.*"code":"stream_interrupted"}}\r?\n\r?\n$/;
      const good = text.startsWith(whole) && (told || isError.test(appended));
      if (!good || text.includes("[DONE]")) failures.push({ name: exchange.name, appended });
    }
    expect(failures).toEqual([]);
  });
});

/** The recorded stream, less the usage that the client did not ask for. */
function expectedStream(exchange: Exchange): string {
  const events = recordedEvents(exchange);
  const asked = asksForUsage(requestBodyOf(exchange, ""));
  return (asked ? events : withoutUsageEvents(events)).join("");
}

/** The whole events within the first `bytes`, as the client is to see them. */
function wholeEvents(exchange: Exchange, bytes: number): string {
  const seen = exchangeBytes(exchange).subarray(0, bytes).toString("latin1");
  const end = seen.search(/\n\r?\n(?![\s\S]*\n\r?\n)/);
  const ended = end < 0 ? 0 : end + (seen[end + 1] === "\r" ? 3 : 2);
  return exchangeBytes(exchange).subarray(0, ended).toString();
}

function jsonOf(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString());
}
