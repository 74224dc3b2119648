import { resources } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import {
  type UpstreamFields,
  type UpstreamSettings,
  upstreamBaseUrl,
  upstreamSettings,
  vendorHost,
} from "./provider-defaults.ts";

const { ProviderType } = resources;

describe("upstreamBaseUrl()", () => {
  it.each([
    ["openai", ProviderType.OPENAI, "", "https://api.openai.com/v1"],
    ["groq", ProviderType.GROQ, "", "https://api.groq.com/openai/v1"],
    ["ollama", ProviderType.OLLAMA, "", "http://127.0.0.1:11434"],
    ["ollama elsewhere", ProviderType.OLLAMA, "http://gpu:11434/", "http://gpu:11434"],
    ["ollama with a /v1", ProviderType.OLLAMA, "http://gpu:11434/v1/", "http://gpu:11434"],
    ["vllm", ProviderType.VLLM, "http://gpu:8000/v1//", "http://gpu:8000/v1"],
    ["a server without /v1", ProviderType.OPENAI_COMPATIBLE, "https://h", "https://h"],
    ["anthropic", ProviderType.ANTHROPIC, "", "https://api.anthropic.com"],
    ["anthropic with a /v1", ProviderType.ANTHROPIC, "https://h/claude/v1", "https://h/claude"],
    ["gemini", ProviderType.GEMINI, "", "https://generativelanguage.googleapis.com/v1beta"],
    ["gemini's OpenAI routes", ProviderType.GEMINI, "https://h/v1beta/openai/", "https://h/v1beta"],
    ["azure", ProviderType.AZURE, "https://n.openai.azure.com/", "https://n.openai.azure.com"],
    ["azure with /openai", ProviderType.AZURE, "https://h/gw/openai", "https://h/gw"],
    ["azure with /openai/v1", ProviderType.AZURE, "https://h/openai/v1/", "https://h"],
  ])("of %s", (_, type, baseUrl, url) => {
    expect(upstreamBaseUrl({ name: "p", type, baseUrl })).toBe(url);
  });

  it.each<[string, Partial<UpstreamFields>, string]>([
    ["a region", { location: "europe-west1" }, "https://europe-west1-aiplatform.googleapis.com/v1"],
    ["the whole world", { location: "global" }, "https://aiplatform.googleapis.com/v1"],
    ["a multi-region", { location: "eu" }, "https://aiplatform.eu.rep.googleapis.com/v1"],
    ["a URL with its place", { baseUrl: "https://h/v1/projects/p/locations/l" }, "https://h/v1"],
  ])("of vertex in %s", (_, fields, url) => {
    const provider = { name: "p", type: ProviderType.VERTEX, baseUrl: "", ...fields };
    expect(upstreamBaseUrl(provider)).toBe(url);
  });

  it.each([
    ["eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com"],
    ["us-gov-west-1", "https://bedrock-runtime.us-gov-west-1.amazonaws.com"],
    ["cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"],
  ])("of bedrock in %s", (awsRegion, url) => {
    const provider = { name: "p", type: ProviderType.BEDROCK, baseUrl: "", awsRegion };
    expect(upstreamBaseUrl(provider)).toBe(url);
  });

  it("throws for a provider of an unknown type, or without a place", () => {
    const { AZURE, VLLM, VERTEX, BEDROCK } = ProviderType;
    for (const type of [99, AZURE, VLLM, VERTEX, BEDROCK]) {
      expect(() => upstreamBaseUrl({ name: "p", type, baseUrl: "" })).toThrow(RangeError);
    }
  });
});

describe("upstreamSettings()", () => {
  const { AZURE, BEDROCK, OPENAI, VERTEX } = ProviderType;

  it.each<[string, Partial<UpstreamFields> & { type: number }, Partial<UpstreamSettings>]>([
    [
      "azure's last dated version",
      { type: AZURE, baseUrl: "https://h" },
      { apiVersion: "2024-10-21" },
    ],
    [
      "azure's v1 by its URL",
      { type: AZURE, baseUrl: "https://h/openai/v1" },
      { apiVersion: "v1" },
    ],
    [
      "what is given over what the URL tells",
      { type: AZURE, baseUrl: "https://h/openai/v1", apiVersion: "2025-04-01-preview" },
      { apiVersion: "2025-04-01-preview" },
    ],
    ["no version elsewhere", { type: OPENAI }, { apiVersion: "", location: "", awsRegion: "" }],
    [
      "vertex's place by its path",
      { type: VERTEX, baseUrl: "https://h/v1/projects/p/locations/l/" },
      { project: "p", location: "l" },
    ],
    [
      "vertex's region by its host",
      { type: VERTEX, baseUrl: "https://us-east5-aiplatform.googleapis.com/v1", project: "p" },
      { project: "p", location: "us-east5" },
    ],
    [
      "vertex's multi-region by its host",
      { type: VERTEX, baseUrl: "https://aiplatform.us.rep.googleapis.com/v1beta1" },
      { location: "us" },
    ],
    [
      "vertex's whole world by its host",
      { type: VERTEX, baseUrl: "https://aiplatform.googleapis.com/v1" },
      { location: "global" },
    ],
    [
      "nothing of another's host",
      { type: VERTEX, baseUrl: "https://eu-aiplatform.googleapis.com.example.org" },
      { location: "" },
    ],
    [
      "bedrock's region by its host",
      { type: BEDROCK, baseUrl: "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com" },
      { awsRegion: "us-gov-west-1" },
    ],
    [
      "bedrock's region by the host of a VPC endpoint",
      { type: BEDROCK, baseUrl: "https://vpce-1a.bedrock-runtime.eu-west-1.vpce.amazonaws.com" },
      { awsRegion: "eu-west-1" },
    ],
    ["no region of a proxy", { type: BEDROCK, baseUrl: "http://127.0.0.1:1" }, { awsRegion: "" }],
  ])("has %s", (_, fields, settings) => {
    expect(upstreamSettings({ name: "p", baseUrl: "", ...fields })).toMatchObject(settings);
  });
});

describe("vendorHost()", () => {
  const { AZURE, BEDROCK, OLLAMA, OPENAI } = ProviderType;

  it.each<[string, Partial<UpstreamFields> & { type: number }, string | undefined]>([
    ["the vendor's own", { type: OPENAI }, "api.openai.com"],
    ["the same, given", { type: OPENAI, baseUrl: "https://api.openai.com/v1" }, "api.openai.com"],
    ["a proxy", { type: OPENAI, baseUrl: "https://proxy.example.com" }, undefined],
    ["a server at home", { type: OLLAMA }, undefined],
    ["azure", { type: AZURE, baseUrl: "https://n.openai.azure.com" }, "n.openai.azure.com"],
    ["a proxy of azure", { type: AZURE, baseUrl: "https://azure.example.com" }, undefined],
    [
      "bedrock",
      { type: BEDROCK, awsRegion: "eu-west-1" },
      "bedrock-runtime.eu-west-1.amazonaws.com",
    ],
    ["bedrock without a region", { type: BEDROCK }, undefined],
    ["what is no URL", { type: AZURE, baseUrl: "https://" }, undefined],
  ])("of %s", (_, fields, host) => {
    expect(vendorHost({ name: "p", baseUrl: "", ...fields })).toBe(host);
  });
});
