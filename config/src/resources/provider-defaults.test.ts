import { resources } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { upstreamBaseUrl } from "./provider-defaults.ts";

const { ProviderType } = resources;

describe("upstreamBaseUrl()", () => {
  it.each([
    ["openai", ProviderType.OPENAI, "", "https://api.openai.com/v1"],
    ["groq", ProviderType.GROQ, "", "https://api.groq.com/openai/v1"],
    ["ollama", ProviderType.OLLAMA, "", "http://127.0.0.1:11434/v1"],
    ["ollama elsewhere", ProviderType.OLLAMA, "http://gpu:11434/", "http://gpu:11434/v1"],
    ["ollama with its /v1", ProviderType.OLLAMA, "http://gpu:11434/v1/", "http://gpu:11434/v1"],
    ["vllm", ProviderType.VLLM, "http://gpu:8000/v1//", "http://gpu:8000/v1"],
    ["a server without /v1", ProviderType.OPENAI_COMPATIBLE, "https://h", "https://h"],
  ])("of %s", (_, type, baseUrl, url) => {
    expect(upstreamBaseUrl({ name: "p", type, baseUrl })).toBe(url);
  });

  it("throws for a provider that is not served or has no URL", () => {
    for (const type of [ProviderType.AZURE, ProviderType.VLLM]) {
      expect(() => upstreamBaseUrl({ name: "p", type, baseUrl: "" })).toThrow(RangeError);
    }
  });
});
