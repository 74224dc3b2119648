import { describe, expect, it } from "vitest";
import { usageFromAnthropic } from "./usage.ts";

describe("usageFromAnthropic()", () => {
  it.each([
    [
      "adds what was cached to the input",
      {
        input_tokens: 1,
        cache_read_input_tokens: 2,
        cache_creation_input_tokens: 4,
        output_tokens: 8,
      },
      { inputTokens: 7, outputTokens: 8, cachedInputTokens: 2, cacheWriteTokens: 4 },
    ],
    [
      "takes 0 for a count",
      {
        input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
        output_tokens: 0,
        output_tokens_details: { thinking_tokens: 0 },
      },
      {
        inputTokens: 0,
        outputTokens: 0,
        cachedInputTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
      },
    ],
    [
      "splits what was written by how long it is kept",
      {
        input_tokens: 1,
        output_tokens: 1,
        cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
      },
      { inputTokens: 8, outputTokens: 1, cacheWriteTokens: 7, cacheWrite1hTokens: 4 },
    ],
    [
      "says nothing of what is null",
      { input_tokens: 1, cache_read_input_tokens: null, output_tokens: 2 },
      { inputTokens: 1, outputTokens: 2 },
    ],
    [
      "adds work beside the answer, and not the answer again",
      {
        input_tokens: 1,
        output_tokens: 2,
        iterations: [
          { type: "message", input_tokens: 1, output_tokens: 2 },
          { type: "compaction", input_tokens: 10, output_tokens: 20 },
          {
            type: "advisor_message",
            input_tokens: 100,
            output_tokens: 200,
            cache_read_input_tokens: 5,
          },
        ],
      },
      { inputTokens: 116, outputTokens: 222, cachedInputTokens: 5 },
    ],
    ["is undefined for no counts", { input_tokens: "1" }, undefined],
    ["is undefined for anything else", null, undefined],
  ])("%s", (_, usage, expected) => {
    expect(usageFromAnthropic(usage)).toEqual(expected);
  });
});
