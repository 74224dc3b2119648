import { isDeepStrictEqual } from "node:util";
import { type Answer, exchangeBytes } from "@headgate/testing";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import {
  type OpenAiCall,
  type Reading,
  readOpenAi,
  readOpenAiWithHelper,
} from "@headgate/testing/vendor-readings";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alignedTo } from "./compare-readings.ts";
import { JudgedClient, type Shapes } from "./judged-client.ts";
import type { TranslatedCase } from "./translated-case.ts";
import { TranslationGateway } from "./translation-gateway.ts";

/** Bytes in each write of the provider. */
const streamSizes = [1, 2, 3, 7, 16, 64, 1_000];
const atOnce = 8;

/** Tests, within a suite, that clients of OpenAI's dialects get what vendors said. */
export function proveTranslated(cases: readonly TranslatedCase[]): void {
  const schema = openAiSchemaOrNotice("answers of all vendors in OpenAI's dialects");
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(cases);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });

  it.each(cases)("$name: the client gets what the vendor said", async (played) => {
    const { reading, problems } = await ask(played);
    expect(reading).toEqual(alignedTo(reading, played.reading));
    expect(problems).toEqual([]);
    expect(gateway.takeWrongRequests()).toEqual([]);
  });

  it.each(cases.filter(isWholeStream))(
    "$name: the client's own stream helper reads the same",
    async (played) => {
      const { client } = judgedClient();
      const reading = await readOpenAiWithHelper(client, callFor(played));
      const expected = alignedTo(reading, played.reading);
      // The helper keeps what OpenAI's own types know, and no reasoning.
      expect(withoutReasoning(reading)).toEqual(withoutReasoning(expected));
    },
  );

  const refused = cases.filter(({ exchange }) => exchange.response.status >= 400);
  it.each(refused)("$name: the client raises its own class for it", async (played) => {
    const { model } = callFor(played);
    const messages = [{ role: "user" as const, content: "Hello" }];
    const call = judgedClient().client.chat.completions.create({ model, messages });
    const raised = await call.catch((error: unknown) => error);
    const status = played.reading.kind === "error" ? played.reading.status : 200;
    expect(raised).toMatchObject({ status });
    expect(Object(raised).constructor.name).toBe(classOf(status));
  });

  it.each(streamSizes)(
    "streams say the same in pieces of %i bytes",
    async (splitEvery) => {
      const streams = cases.filter(({ exchange }) => exchange.stream);
      expect(await differing(streams, { splitEvery })).toEqual([]);
    },
    60_000,
  );

  it.each([
    { how: "cut", end: (bytes: number): Answer => ({ cutAfter: bytes }) },
    { how: "closed cleanly", end: (bytes: number): Answer => ({ closeAfter: bytes }) },
  ])("streams $how in the middle end in an error, never in [DONE]", async ({ end }) => {
    const failures: unknown[] = [];
    for (const played of cases.filter(isWholeStream)) {
      const bytes = exchangeBytes(played.exchange);
      const half = Math.floor(bytes.length / 2);
      if (finishes.test(bytes.subarray(0, half).toString("latin1"))) continue;
      gateway.manner = end(half);
      const { reading, problems } = await ask(played);
      const isError = reading.kind === "error" && reading.status >= 500;
      if (!isError || problems.length > 0) failures.push({ name: played.name, reading, problems });
    }
    gateway.manner = {};
    expect(failures).toEqual([]);
  });

  const streamers = new Map(cases.filter(isWholeStream).map((played) => [played.type, played]));
  it.each([...streamers.values()])("$type: text comes while it is being said", async (played) => {
    gateway.manner = {
      dripMs: 30,
      splitEvery: Math.ceil(exchangeBytes(played.exchange).length / 20),
    };
    const { apiKey, up } = gateway;
    const client = new OpenAI({ baseURL: `${up.proxyUrl}/v1`, apiKey, maxRetries: 0 });
    const { model } = callFor(played);
    const messages = [{ role: "user" as const, content: "Hello" }];
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    const first = await stream[Symbol.asyncIterator]().next();
    expect(first.done).toBe(false);
    expect(gateway.provider.activeAnswers).toBe(1);
    stream.controller.abort();
    await gateway.provider.waitForIdle();
    gateway.manner = {};
  });

  it("whole answers say the same byte by byte", async () => {
    const whole = cases.filter(({ exchange }) => !exchange.stream);
    expect(await differing(whole, { splitEvery: 1 })).toEqual([]);
  }, 60_000);

  /** Those that were answered otherwise than they should be. */
  async function differing(played: readonly TranslatedCase[], manner: Answer) {
    gateway.manner = manner;
    const waiting = [...played];
    const failures: unknown[] = [];
    const work = async () => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        const { reading, problems } = await ask(one);
        const expected = alignedTo(reading, one.reading);
        const same = isDeepStrictEqual(reading, expected);
        if (same && problems.length === 0) continue;
        failures.push({ name: one.name, reading, expected, problems });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    gateway.manner = {};
    return failures;
  }

  async function ask(played: TranslatedCase) {
    const judged = judgedClient();
    const reading = await readOpenAi(judged.client, callFor(played));
    return { reading, problems: judged.problems(schema, shapes[kindOf(played)]) };
  }

  function judgedClient(): JudgedClient {
    return new JudgedClient({ baseURL: `${gateway.up.proxyUrl}/v1`, apiKey: gateway.apiKey });
  }

  function callFor(played: TranslatedCase): OpenAiCall {
    const { exchange, reading } = played;
    const model = gateway.modelOf(played);
    return { model, stream: exchange.stream, kind: kindOf(played), tools: toolsOf(reading) };
  }
}

/** What Ollama generates is asked for by completions, and the rest by chat. */
function kindOf({ exchange }: TranslatedCase): "chat" | "completions" {
  return exchange.kind === "ollama-generate" ? "completions" : "chat";
}

function withoutReasoning(reading: Reading): Reading {
  if (reading.kind !== "answer") return reading;
  const choices = reading.choices.map((choice) => ({ ...choice, reasoning: "" }));
  return { ...reading, choices };
}

/** What a stream finishes with, in all vendors' words. Older Gemini models say it in every event. */
const finishes = /"finishReason"|"stop_reason": ?"|messageStop|"done": ?true/;

function isWholeStream({ exchange, reading }: TranslatedCase): boolean {
  return exchange.stream && reading.kind === "answer" && exchange.kind !== "ollama-generate";
}

/** The client's name of its class for the status. */
function classOf(status: number): string {
  return status >= 500 ? "InternalServerError" : (classes[status] ?? "APIError");
}

const classes: Readonly<Record<number, string>> = {
  400: "BadRequestError",
  404: "NotFoundError",
  422: "UnprocessableEntityError",
  429: "RateLimitError",
};

const shapes = {
  chat: { whole: "chat", piece: "chat-chunk" },
  completions: { whole: "completion", piece: "completion-chunk" },
} as const satisfies Record<string, Shapes>;

/** Those that the answer calls, as the client must have offered them. */
function toolsOf(reading: Reading) {
  if (reading.kind !== "answer") return [];
  const names = reading.choices.flatMap(({ toolCalls }) => toolCalls.map(({ name }) => name));
  return [...new Set(names)].map((name) => ({
    type: "function" as const,
    function: { name, parameters: { type: "object", properties: {} } },
  }));
}
