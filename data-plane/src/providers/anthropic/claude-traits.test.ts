import { describe, expect, it } from "vitest";
import { claudeTraits } from "./claude-traits.ts";

describe("claudeTraits()", () => {
  it.each([
    ["claude-2.1", 4096, "none"],
    ["claude-instant-1.2", 4096, "none"],
    ["claude-3-opus-20240229", 4096, "none"],
    ["claude-3-5-sonnet-v2@20241022", 8192, "none"],
    ["claude-3-7-sonnet-20250219", 32_000, "manual"],
    ["claude-sonnet-4-20250514", 32_000, "manual"],
    ["claude-opus-4-1-20250805", 32_000, "manual"],
    ["claude-sonnet-4@20250514", 32_000, "manual"],
    ["us.anthropic.claude-haiku-4-5-20251001-v1:0", 64_000, "manual"],
    ["claude-opus-4-6", 128_000, "either"],
    ["anthropic/claude-4.6-sonnet", 128_000, "either"],
    ["claude-opus-4-8", 128_000, "adaptive"],
    ["claude-sonnet-5", 128_000, "adaptive"],
    ["claude-haiku-5-5", 128_000, "adaptive"],
    ["claude-mythos-preview", 128_000, "adaptive"],
    ["deepseek-chat", 8192, "manual"],
  ])("%s writes %s tokens, thoughts: %s", (model, maxOutputTokens, thinking) => {
    expect(claudeTraits(model)).toMatchObject({ maxOutputTokens, thinking });
  });
});
