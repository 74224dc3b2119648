import type { Exchange } from "../exchange.ts";
import { readWithAnthropic } from "./anthropic-client.ts";
import { readWithBedrock } from "./bedrock-client.ts";
import { readWithGenAi } from "./genai-client.ts";
import { readWithOllama } from "./ollama-client.ts";
import { readWithOpenAi } from "./openai-client.ts";
import { readRawAnthropic } from "./raw-anthropic.ts";
import { readRawBedrock } from "./raw-bedrock.ts";
import { readRawGemini } from "./raw-gemini.ts";
import { readRawOllama } from "./raw-ollama.ts";
import { readRawOpenAi } from "./raw-openai.ts";
import type { Reading } from "./reading.ts";

/** One call of an official client to whatever answers at `origin`. */
export interface VendorCall {
  readonly origin: string;
  readonly stream: boolean;
  readonly kind: string;
}

/** An API of chat that recordings are of, and its two readers. */
export interface Vendor {
  readonly name: "anthropic" | "gemini" | "bedrock" | "ollama" | "openai";
  /** Of answers with a status of 2xx. */
  readRaw(exchange: Exchange): Reading;
  readWithClient(call: VendorCall): Promise<Reading>;
}

const anthropic: Vendor = {
  name: "anthropic",
  readRaw: readRawAnthropic,
  readWithClient: readWithAnthropic,
};
const gemini: Vendor = { name: "gemini", readRaw: readRawGemini, readWithClient: readWithGenAi };
const bedrock: Vendor = {
  name: "bedrock",
  readRaw: readRawBedrock,
  readWithClient: readWithBedrock,
};
const ollama: Vendor = { name: "ollama", readRaw: readRawOllama, readWithClient: readWithOllama };
const openai: Vendor = { name: "openai", readRaw: readRawOpenAi, readWithClient: readWithOpenAi };

const byKind: Readonly<Record<string, Vendor>> = {
  messages: anthropic,
  generateContent: gemini,
  streamGenerateContent: gemini,
  converse: bedrock,
  "converse-stream": bedrock,
  "ollama-chat": ollama,
  "ollama-generate": ollama,
  chat: openai,
  completions: openai,
};

/** Providers whose `chat` is of their own design. */
const ownChat = ["cohere", "anthropic", "vertex"];

/** Whose API the exchange is of; undefined for what is not chat, or read by nobody here. */
export function vendorOf({ provider, kind, request }: Exchange): Vendor | undefined {
  const vendor = byKind[kind];
  // Numbers in place of enums' words, which neither Headgate nor a client ever asks for.
  if (request?.path.includes("enum-encoding")) return undefined;
  if (vendor !== openai) return vendor;
  if (request === null) return ownChat.includes(provider) ? undefined : vendor;
  return /\/(?:chat\/completions|completions)(?:[?#].*)?$/.test(request.path) ? vendor : undefined;
}

/** The kinds that `vendorOf` knows. */
export const vendorKinds: readonly string[] = Object.keys(byKind);
