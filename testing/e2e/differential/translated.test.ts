import { isDeepStrictEqual } from "node:util";
import type { Answer } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import {
  type OpenAiCall,
  type Reading,
  readOpenAi,
  readOpenAiWithHelper,
} from "@headgate/testing/vendor-readings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alignedTo } from "./compare-readings.ts";
import { expectedOf } from "./explained-differences.ts";
import { JudgedClient, type Shapes } from "./judged-client.ts";
import { type TranslatedCase, translatedCases } from "./translated-case.ts";
import { TranslationGateway } from "./translation-gateway.ts";

/** Bytes in each write of the provider. */
const streamSizes = [1, 2, 3, 7, 16, 64, 1_000];
const atOnce = 8;
const suite = "recorded answers of all vendors, asked for in OpenAI's dialect";

describeExchanges(suite, (library) => {
  const cases = translatedCases(library);
  const schema = openAiSchemaOrNotice(suite);
  let gateway: TranslationGateway;

  beforeAll(async () => {
    gateway = await TranslationGateway.start(cases);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
  });

  it("are enough to prove something", () => {
    const streams = cases.filter(({ exchange }) => exchange.stream);
    expect(streams.length).toBeGreaterThan(70);
    expect(cases.length - streams.length).toBeGreaterThan(80);
  });

  it.each(cases)("$name: the client gets what the vendor said", async (played) => {
    const { reading, problems } = await ask(played);
    expect(reading).toEqual(alignedTo(reading, expectedOf(played)));
    expect(problems).toEqual([]);
    expect(gateway.takeWrongRequests()).toEqual([]);
  });

  const helped = cases.filter(
    ({ exchange, reading }) =>
      exchange.stream && reading.kind === "answer" && exchange.kind !== "ollama-generate",
  );
  it.each(helped)("$name: the client's own stream helper reads the same", async (played) => {
    const { client } = judgedClient();
    const reading = await readOpenAiWithHelper(client, callFor(played));
    const expected = alignedTo(reading, expectedOf(played));
    // The helper keeps what OpenAI's own types know, and no reasoning.
    expect(withoutReasoning(reading)).toEqual(withoutReasoning(expected));
  });

  it.each(streamSizes)(
    "streams say the same in pieces of %i bytes",
    async (splitEvery) => {
      const streams = cases.filter(({ exchange }) => exchange.stream);
      expect(await differing(streams, { splitEvery })).toEqual([]);
    },
    60_000,
  );

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
        const expected = alignedTo(reading, expectedOf(one));
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
});

/** What Ollama generates is asked for by completions, and the rest by chat. */
function kindOf({ exchange }: TranslatedCase): "chat" | "completions" {
  return exchange.kind === "ollama-generate" ? "completions" : "chat";
}

function withoutReasoning(reading: Reading): Reading {
  if (reading.kind !== "answer") return reading;
  const choices = reading.choices.map((choice) => ({ ...choice, reasoning: "" }));
  return { ...reading, choices };
}

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
