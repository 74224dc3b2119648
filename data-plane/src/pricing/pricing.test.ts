import { create } from "@bufbuild/protobuf";
import type { Usage } from "@headgate/core";
import { resources } from "@headgate/proto";
import { calcPrice } from "@pydantic/genai-prices";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { costNanoUsd } from "./cost-nano-usd.ts";
import { ownPrice } from "./pinned-price.ts";
import { loadPriceList, needsPriceList, priceOf } from "./price-list.ts";

const { ANTHROPIC, AZURE, BEDROCK, GEMINI, GROQ, OLLAMA, OPENAI, OPENAI_COMPATIBLE, VERTEX, VLLM } =
  resources.ProviderType;

const noon = Date.UTC(2026, 10, 24, 12);

describe("priceOf() before the list is loaded", () => {
  it("knows the operator's prices only", () => {
    expect(priceOf(provider(OPENAI), "gpt-4o", undefined)).toBeUndefined();
    const own = create(resources.PriceSchema, { inputPerMtok: 1 });
    expect(priceOf(provider(VLLM), "llama", own)?.source).toBe("deployment");
  });
});

describe("costNanoUsd()", () => {
  beforeAll(loadPriceList);

  const million = { inputTokens: 1_000_000, outputTokens: 0 };

  it.each<{
    name: string;
    type: resources.ProviderType;
    model: string;
    usage: Usage;
    usd: number;
    baseUrl?: string;
    atMs?: number;
  }>([
    {
      name: "input and output",
      type: OPENAI,
      model: "gpt-4o",
      usage: { inputTokens: 1_000, outputTokens: 100, reasoningTokens: 60 },
      usd: 0.0025 + 0.001,
    },
    {
      name: "cached input at half the price",
      type: OPENAI,
      model: "gpt-4o-2024-11-20",
      usage: { inputTokens: 1_000, outputTokens: 0, cachedInputTokens: 800 },
      usd: 0.0005 + 0.001,
    },
    {
      name: "cache writes for five minutes and for an hour",
      type: ANTHROPIC,
      model: "claude-haiku-4-5-20251001",
      usage: {
        inputTokens: 10_000,
        outputTokens: 100,
        cachedInputTokens: 2_000,
        cacheWriteTokens: 5_000,
        cacheWrite1hTokens: 1_000,
      },
      usd: 3_000e-6 + 2_000 * 0.1e-6 + 4_000 * 1.25e-6 + 1_000 * 2e-6 + 100 * 5e-6,
    },
    {
      name: "a long prompt, all of it at the higher price",
      type: GEMINI,
      model: "gemini-2.5-pro",
      usage: { inputTokens: 200_001, outputTokens: 10, cachedInputTokens: 1 },
      usd: 200_000 * 2.5e-6 + 0.25e-6 + 10 * 15e-6,
    },
    {
      name: "a prompt that is just not long",
      type: VERTEX,
      model: "publishers/google/models/gemini-2.5-pro",
      usage: { inputTokens: 200_000, outputTokens: 10 },
      usd: 200_000 * 1.25e-6 + 10 * 10e-6,
    },
    {
      name: "audio",
      type: GEMINI,
      model: "gemini-2.5-flash",
      usage: { inputTokens: 1_000, outputTokens: 0, inputAudioTokens: 400 },
      usd: 600 * 0.3e-6 + 400 * 1e-6,
    },
    {
      name: "Claude on Vertex",
      type: VERTEX,
      model: "claude-haiku-4-5@20251001",
      usage: million,
      usd: 1,
    },
    {
      name: "Claude on Bedrock, dearer within a region, an hour's write reckoned",
      type: BEDROCK,
      model: "us.anthropic.claude-haiku-4-5-20251001-v1:0",
      usage: { ...million, cacheWriteTokens: 1_000_000, cacheWrite1hTokens: 1_000_000 },
      usd: 1.375 * 1.6,
    },
    { name: "Azure", type: AZURE, model: "gpt-4o", usage: million, usd: 2.5 },
    { name: "Groq", type: GROQ, model: "llama-3.3-70b-versatile", usage: million, usd: 0.59 },
    {
      name: "a service known by its URL, at its price of the hour",
      type: OPENAI_COMPATIBLE,
      baseUrl: "https://api.deepseek.com/v1",
      model: "deepseek-chat",
      usage: million,
      usd: 0.27,
      atMs: noon,
    },
    {
      name: "the same at night",
      type: OPENAI_COMPATIBLE,
      baseUrl: "https://api.deepseek.com/v1",
      model: "deepseek-chat",
      usage: million,
      usd: 0.135,
      atMs: Date.UTC(2026, 10, 24, 16, 30),
    },
  ])("reckons $name", ({ type, baseUrl, model, usage, usd, atMs = noon }) => {
    const price = priceOf(provider(type, baseUrl), model, undefined);
    if (!price) throw new Error("the list has no price");
    expect(costNanoUsd(price, usage, atMs)).toBe(BigInt(Math.round(usd * 1e9)));
  });

  it.each([
    ["a model of one's own", OPENAI, "my-finetune-of-nothing", ""],
    ["Ollama", OLLAMA, "gpt-4o", ""],
    ["vLLM", VLLM, "gpt-4o", "http://gpu:8000/v1"],
    ["a server of one's own", OPENAI_COMPATIBLE, "gpt-4o", "http://gpu:8000/v1"],
  ] as const)("has no price for %s", (_, type, model, baseUrl) => {
    expect(priceOf(provider(type, baseUrl), model, undefined)).toBeUndefined();
  });

  it("takes the operator's price before the list's", () => {
    const own = create(resources.PriceSchema, {
      inputPerMtok: 2,
      outputPerMtok: 8,
      cachedInputPerMtok: 0.5,
      cacheWritePerMtok: 2.5,
    });
    const price = priceOf(provider(OPENAI), "gpt-4o", own);
    const usage: Usage = {
      inputTokens: 400,
      outputTokens: 10,
      cachedInputTokens: 100,
      cacheWriteTokens: 200,
      cacheWrite1hTokens: 100,
    };
    // 100 x 2 + 100 x 0.5 + 100 x 2.5 + 100 x 4 + 10 x 8 micro-dollars
    expect(price && costNanoUsd(price, usage, noon)).toBe(980_000n);
  });

  it("takes what the operator does not tell apart as other input", () => {
    const price = ownPrice(create(resources.PriceSchema, { inputPerMtok: 1, outputPerMtok: 1 }));
    const usage = { inputTokens: 300, outputTokens: 0, cachedInputTokens: 100 };
    const more = { cacheWriteTokens: 200, cacheWrite1hTokens: 100 };
    expect(costNanoUsd(price, { ...usage, ...more }, noon)).toBe(300_000n);
  });

  it.each([
    ["22:59:59", 1_000_000n],
    ["23:00:00", 2_000_000n],
    ["00:59:59", 2_000_000n],
    ["01:00:00", 1_000_000n],
  ])("knows prices of the night, at %s", (time, cost) => {
    const rates = (inputPerMtok: number) =>
      ownPrice(create(resources.PriceSchema, { inputPerMtok })).periods.map((one) => one.rates);
    const always = rates(1).map((one) => ({ when: { kind: "always" }, rates: one }) as const);
    const night = { kind: "daily", startS: 23 * 3_600, endS: 3_600 } as const;
    const nightly = rates(2).map((one) => ({ when: night, rates: one }));
    const price = { source: "list", listed: "", periods: [...always, ...nightly] } as const;
    const usage = { inputTokens: 1_000, outputTokens: 0 };
    expect(costNanoUsd(price, usage, Date.parse(`2026-11-24T${time}Z`))).toBe(cost);
  });

  it("takes the last price that has begun", () => {
    const [old, new_] = [1, 2].map(
      (inputPerMtok) => ownPrice(create(resources.PriceSchema, { inputPerMtok })).periods,
    );
    const from = { kind: "from", ms: noon } as const;
    const periods = [...(old ?? []), ...(new_ ?? []).map((one) => ({ ...one, when: from }))];
    const price = { source: "list", listed: "", periods } as const;
    const usage = { inputTokens: 1_000, outputTokens: 0 };
    expect([noon - 1, noon].map((atMs) => costNanoUsd(price, usage, atMs))).toEqual([
      1_000_000n,
      2_000_000n,
    ]);
  });

  it("rounds once, half up", () => {
    const cost = (inputPerMtok: number, inputTokens: number): bigint => {
      const price = ownPrice(create(resources.PriceSchema, { inputPerMtok }));
      return costNanoUsd(price, { inputTokens, outputTokens: 0 }, noon);
    };
    expect(cost(0.0005, 1)).toBe(1n);
    expect(cost(0.000_499, 1)).toBe(0n);
    expect(cost(0.000_5, 3)).toBe(2n);
    expect(cost(0.1, 3)).toBe(300n);
  });

  it("charges nothing for counts that are none, and no part more than its whole", () => {
    const price = priceOf(provider(ANTHROPIC), "claude-haiku-4-5", undefined);
    if (!price) throw new Error("the list has no price");
    const odd = { inputTokens: Number.NaN, outputTokens: -5, cachedInputTokens: 1e300 };
    expect(costNanoUsd(price, odd, noon)).toBe(0n);
    const parts = {
      inputTokens: 10,
      outputTokens: 0,
      cacheWriteTokens: 99,
      cacheWrite1hTokens: 999,
    };
    expect(costNanoUsd(price, parts, noon)).toBe(20_000n);
  });

  it("is as the list's own sum, never negative, and no less for more tokens", () => {
    const models = fc.constantFrom(
      ["anthropic", ANTHROPIC, "claude-sonnet-4-5"] as const,
      ["google", GEMINI, "gemini-2.5-pro"] as const,
      ["openai", OPENAI, "gpt-5"] as const,
      ["aws", BEDROCK, "amazon.nova-lite-v1:0"] as const,
    );
    const count = fc.nat(400_000);
    fc.assert(
      fc.property(
        models,
        count,
        count,
        count,
        count,
        ([id, type, model], cached, written, rest, output) => {
          const price = priceOf(provider(type), model, undefined);
          if (!price) throw new Error(`the list has no price of ${model}`);
          const usage = {
            inputTokens: cached + written + rest,
            outputTokens: output,
            cachedInputTokens: cached,
            cacheWriteTokens: written,
          };
          const cost = costNanoUsd(price, usage, noon);
          const listed = calcPrice(
            {
              input_tokens: usage.inputTokens,
              output_tokens: output,
              cache_read_tokens: cached,
              cache_write_tokens: written,
            },
            model,
            { providerId: id, timestamp: new Date(noon) },
          );
          expect(Math.abs(Number(cost) - (listed?.total_price ?? 0) * 1e9)).toBeLessThan(1);
          const more = { ...usage, inputTokens: usage.inputTokens + 7, outputTokens: output + 1 };
          expect(costNanoUsd(price, more, noon)).toBeGreaterThanOrEqual(cost);
          expect(cost).toBeGreaterThanOrEqual(0n);
        },
      ),
    );
  });

  it("never throws, whatever the model is called", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(OPENAI, AZURE, VERTEX, BEDROCK, GROQ),
        (model, type) => {
          const price = priceOf(provider(type), model, undefined);
          if (price) costNanoUsd(price, million, noon);
        },
      ),
    );
  });
});

describe("needsPriceList()", () => {
  it("is false where the list can have nothing", () => {
    const types = [OPENAI, AZURE, ANTHROPIC, GEMINI, VERTEX, BEDROCK, GROQ];
    expect(types.every((type) => needsPriceList(provider(type)))).toBe(true);
    expect(needsPriceList(provider(VLLM, "http://h"))).toBe(false);
    expect(needsPriceList(provider(OLLAMA))).toBe(false);
  });
});

function provider(type: resources.ProviderType, baseUrl = ""): resources.Provider {
  return create(resources.ProviderSchema, { name: "p", type, baseUrl });
}
