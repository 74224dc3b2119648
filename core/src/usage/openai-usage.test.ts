import { describe, expect, it } from "vitest";
import { usageFromOpenAi } from "./openai-usage.ts";

describe("usageFromOpenAi()", () => {
  it.each([
    { name: "null", usage: null, expected: undefined },
    { name: "a list", usage: [1], expected: undefined },
    { name: "no counts", usage: { total_tokens: 3 }, expected: undefined },
    {
      name: "counts that are none",
      usage: { prompt_tokens: -1, completion_tokens: 1.5 },
      expected: undefined,
    },
    {
      name: "an explicit zero",
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      expected: { inputTokens: 0, outputTokens: 0 },
    },
    {
      name: "embeddings",
      usage: { prompt_tokens: 7, total_tokens: 7 },
      expected: { inputTokens: 7, outputTokens: 0 },
    },
    {
      name: "all details",
      usage: {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 60, audio_tokens: 10, cache_write_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 7 },
      },
      expected: {
        inputTokens: 100,
        outputTokens: 50,
        cachedInputTokens: 60,
        cacheWriteTokens: 5,
        reasoningTokens: 20,
        inputAudioTokens: 10,
        outputAudioTokens: 7,
      },
    },
    {
      name: "details that are null",
      usage: {
        prompt_tokens: 1,
        completion_tokens: 2,
        prompt_tokens_details: null,
        completion_tokens_details: null,
      },
      expected: { inputTokens: 1, outputTokens: 2 },
    },
    {
      name: "xAI's, with the thoughts only in the total",
      usage: {
        prompt_tokens: 291,
        completion_tokens: 26,
        total_tokens: 513,
        completion_tokens_details: { reasoning_tokens: 196 },
      },
      expected: { inputTokens: 291, outputTokens: 222, reasoningTokens: 196 },
    },
    {
      name: "Gemini's, which does not even name them",
      usage: { prompt_tokens: 66, completion_tokens: 6, total_tokens: 100 },
      expected: { inputTokens: 66, outputTokens: 34, reasoningTokens: 28 },
    },
    {
      name: "a total that is larger for another reason",
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 99,
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      expected: { inputTokens: 10, outputTokens: 5, reasoningTokens: 3 },
    },
    {
      name: "DeepSeek's cache",
      usage: { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 4 },
      expected: { inputTokens: 9, outputTokens: 1, cachedInputTokens: 4 },
    },
    {
      name: "Moonshot's cache",
      usage: { prompt_tokens: 9, completion_tokens: 1, cached_tokens: 4 },
      expected: { inputTokens: 9, outputTokens: 1, cachedInputTokens: 4 },
    },
  ])("reads $name", ({ usage, expected }) => {
    expect(usageFromOpenAi(usage)).toEqual(expected);
  });
});
