import type Anthropic from "@anthropic-ai/sdk";
import { type Answer, jsonAnswer } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { anthropicReading, type Reading } from "@headgate/testing/vendor-readings";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { alignedTo } from "../differential/compare-readings.ts";
import { TranslationGateway } from "../differential/translation-gateway.ts";
import { anthropicClients } from "./clients.ts";
import { type DialectCase, dialectCases } from "./dialect-case.ts";
import { overloaded, rateLimited, refusals, vendorError } from "./vendor-errors.ts";

describeExchanges("Anthropic's clients in front of every vendor", (library) => {
  const cases = dialectCases(library);
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

  describe.each(anthropicClients)("$major", ({ Anthropic, countsThoughts }) => {
    const client = (more: object = {}) =>
      new Anthropic({
        apiKey: gateway.apiKey,
        baseURL: gateway.up.proxyUrl,
        maxRetries: 0,
        ...more,
      });

    it.each(cases)("$name: the message says what the vendor said", async (played) => {
      const { messages } = client();
      const request = requestFor(gateway, played);
      const message = played.exchange.stream
        ? await messages.stream(request).finalMessage()
        : await messages.create(request);
      expect(message).toMatchObject({ type: "message", role: "assistant" });
      const reading = anthropicReading(message);
      const expected = alignedTo(reading, played.reading);
      const dropsThoughts = played.exchange.stream && !countsThoughts;
      expect(reading).toEqual(dropsThoughts ? withoutThoughtCount(expected) : expected);
      expect(gateway.takeWrongRequests()).toEqual([]);
    });

    it.each(cases.filter(({ exchange }) => exchange.stream))(
      "$name: the events are in Anthropic's order, in pieces of any size",
      async (played) => {
        for (const splitEvery of [1, 7, 64]) {
          gateway.manner = { splitEvery };
          const request = { ...requestFor(gateway, played), stream: true as const };
          const events = await Array.fromAsync(await client().messages.create(request));
          expect(orderProblems(events)).toEqual([]);
        }
      },
    );

    it.each(firstOf(cases))("$type: the prompt's tokens are counted", async (played) => {
      gateway.provider.script(countAnswers[played.type] ?? jsonAnswer({}));
      const { model, messages } = requestFor(gateway, played);
      const count = client().messages.countTokens({ model, messages });
      if (played.type in countAnswers) expect(await count).toEqual({ input_tokens: 13 });
      else expect((await count).input_tokens).toBeGreaterThan(0);
    });

    it.each(firstOf(cases))(
      "$type: leaving in the middle ends the upstream call",
      async (played) => {
        const streamed = cases.find(
          ({ type, exchange }) => type === played.type && exchange.stream,
        );
        if (streamed === undefined) return;
        gateway.manner = { dripMs: 300, splitEvery: 400 };
        const controller = new AbortController();
        const request = { ...requestFor(gateway, streamed), stream: true as const };
        const stream = await client().messages.create(request, { signal: controller.signal });
        for await (const _ of stream) controller.abort();
        const [asked] = await gateway.provider.waitFor(1);
        if (asked === undefined) throw new Error("the provider was not asked");
        expect(await gateway.provider.waitForClose(asked, 2_000)).toBeGreaterThan(0);
      },
    );

    describe.each(firstOf(cases))("with $type behind it", (played) => {
      it.each(refusals)("$name: raises $anthropic.error", async ({ answer, anthropic }) => {
        gateway.provider.script(answer(played.type));
        const raised = await client()
          .messages.create(requestFor(gateway, played))
          .catch((error: unknown) => error);
        expect(raised).toBeInstanceOf(Anthropic[anthropic.error]);
        expect(raised).toMatchObject({ requestID: expect.any(String) });
        expect(String(statusOf(raised))).toMatch(anthropic.status);
        expect(bodyOf(raised)).toMatchObject({
          type: "error",
          error: { type: anthropic.type, message: expect.any(String) },
          request_id: expect.any(String),
        });
      });

      it("a rate limit says how long to wait", async () => {
        gateway.provider.script(rateLimited(played.type, "7"));
        const raised = await client()
          .messages.create(requestFor(gateway, played))
          .catch((error: unknown) => error);
        expect(raised).toBeInstanceOf(Anthropic.RateLimitError);
        expect(headersOf(raised).get("retry-after")).toBe("7");
      });

      it.each([
        { name: "overloaded", answer: () => overloaded(played.type) },
        {
          name: "unavailable",
          answer: () => vendorError(played.type, 503, { "retry-after": "0" }),
        },
      ])("$name, then well: the client's second try succeeds", async ({ answer }) => {
        gateway.provider.script(answer());
        const message = await client({ maxRetries: 1 }).messages.create(
          requestFor(gateway, played),
        );
        const reading = anthropicReading(message);
        expect(reading).toEqual(alignedTo(reading, played.reading));
        expect(gateway.provider.requests).toHaveLength(2);
      });
    });

    it.each(firstOf(cases).filter(({ type }) => type === "anthropic" || type === "gemini"))(
      "$type is overloaded: told by Anthropic's own status for it",
      async (played) => {
        gateway.provider.script(overloaded(played.type));
        const call = client().messages.create(requestFor(gateway, played));
        await expect(call).rejects.toMatchObject({ status: 529 });
      },
    );

    it("an unknown model is not found", async () => {
      const call = client().messages.create({ model: "nobody", max_tokens: 9, messages: [hello] });
      const raised = await call.catch((error: unknown) => error);
      expect(raised).toBeInstanceOf(Anthropic.NotFoundError);
      expect(bodyOf(raised)).toMatchObject({ type: "error", error: { type: "not_found_error" } });
    });

    it("a wrong key is told in Anthropic's shape, with the request's id", async () => {
      const call = client({ apiKey: "sk-hg-wrong" }).messages.create({
        model: "recorded-0",
        max_tokens: 9,
        messages: [hello],
      });
      const raised = await call.catch((error: unknown) => error);
      expect(raised).toBeInstanceOf(Anthropic.AuthenticationError);
      expect(headersOf(raised).get("request-id")).toMatch(/\S/);
      expect(bodyOf(raised)).toMatchObject({ error: { type: "authentication_error" } });
    });
  });
});

function withoutThoughtCount(reading: Reading): Reading {
  if (reading.kind !== "answer" || !reading.usage) return reading;
  return { ...reading, usage: { ...reading.usage, reasoning: 0 } };
}

const hello = { role: "user" as const, content: "Hello" };

function requestFor(gateway: TranslationGateway, played: DialectCase) {
  const [choice] = played.reading.choices;
  const names = new Set(choice?.toolCalls.map(({ name }) => name));
  const tools: Anthropic.Tool[] = [...names].map((name) => ({
    name,
    input_schema: { type: "object", properties: {} },
  }));
  const model = gateway.modelOf(played);
  const request = { model, max_tokens: 1000, messages: [hello] };
  return tools.length > 0 ? { ...request, tools } : request;
}

/** One whole answer of each type. */
function firstOf(cases: readonly DialectCase[]): readonly DialectCase[] {
  return cases.filter(({ shows, exchange }) => shows === "text" && !exchange.stream);
}

/** How each vendor that counts says 13. */
const countAnswers: Readonly<Record<string, Answer>> = {
  anthropic: jsonAnswer({ input_tokens: 13 }),
  gemini: jsonAnswer({ totalTokens: 13 }),
  bedrock: jsonAnswer({ inputTokens: 13 }),
};

function bodyOf(raised: unknown): unknown {
  return raised instanceof Error && "error" in raised ? raised.error : undefined;
}

function statusOf(raised: unknown): unknown {
  return raised instanceof Error && "status" in raised ? raised.status : undefined;
}

function headersOf(raised: unknown): Headers {
  const headers = raised instanceof Error && "headers" in raised ? raised.headers : undefined;
  return headers instanceof Headers ? headers : new Headers();
}

/**
 * message_start, blocks one after the other and each closed, message_delta, message_stop.
 * https://docs.anthropic.com/en/docs/build-with-claude/streaming
 */
function orderProblems(events: readonly Anthropic.RawMessageStreamEvent[]): readonly string[] {
  const problems: string[] = [];
  let open: number | undefined;
  let next = 0;
  for (const event of events) {
    if (event.type === "content_block_start") {
      if (open !== undefined || event.index !== next) problems.push(`block ${event.index} starts`);
      open = event.index;
      next = event.index + 1;
    } else if (event.type === "content_block_delta" || event.type === "content_block_stop") {
      if (event.index !== open) problems.push(`${event.type} of ${event.index}, not ${open}`);
      if (event.type === "content_block_stop") open = undefined;
    }
  }
  const ends = [events.at(0)?.type, events.at(-2)?.type, events.at(-1)?.type].join();
  if (ends !== "message_start,message_delta,message_stop") problems.push(`ends: ${ends}`);
  if (open !== undefined) problems.push(`block ${open} is left open`);
  return problems;
}
