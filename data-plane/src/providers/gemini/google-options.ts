import { isRecord } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { foreignMembers } from "../dropped.ts";

/** What a client may ask of Google beyond the common form, sorted by where Google wants it. */
export interface GoogleOptions {
  /** Members of the request itself. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Members of its `generationConfig`. */
  readonly generation: Readonly<Record<string, unknown>>;
  /** Tools that Google runs, such as `{"googleSearch": {}}`. */
  readonly tools: readonly unknown[];
  /** Members that came with the request and are meant for someone else, or unknown. */
  readonly dropped: readonly string[];
}

/**
 * Clients of the OpenAI dialect say it as they would to Google's own OpenAI-compatible API:
 * `"extra_body": {"google": {"cached_content": "..", "thinking_config": {..}}}`.
 * https://ai.google.dev/gemini-api/docs/openai#extra-body
 */
export function googleOptions(chat: ChatRequest): GoogleOptions {
  const { more } = chat;
  const dropped = [...foreignMembers(chat, "gemini", new Set(["extra_body"]))];
  const options =
    more.dialect === "gemini" ? more.members : fromExtraBody(more.members["extra_body"], dropped);
  const request: Record<string, unknown> = {};
  const generation: Record<string, unknown> = {};
  const tools: unknown[] = [];
  for (const [name, value] of Object.entries(options)) {
    const known = camelCase(name);
    if (known === "tools" && Array.isArray(value)) tools.push(...value);
    else if (known === "generationConfig" && isRecord(value))
      Object.assign(generation, camelKeys(value));
    else if (requestMembers.has(known)) request[known] = value;
    else if (generationMembers.has(known)) generation[known] = camelKeys(value);
    else dropped.push(more.dialect === "gemini" ? name : `extra_body.google.${name}`);
  }
  return { request, generation, tools, dropped };
}

function fromExtraBody(extra: unknown, dropped: string[]): Readonly<Record<string, unknown>> {
  if (extra === undefined || extra === null) return {};
  const { google, ...rest } = isRecord(extra) ? extra : { value: extra };
  dropped.push(...Object.keys(rest).map((name) => `extra_body.${name}`));
  if (isRecord(google)) return google;
  if (google !== undefined) dropped.push("extra_body.google");
  return {};
}

const requestMembers = new Set(["cachedContent", "safetySettings", "labels", "modelArmorConfig"]);

const generationMembers = new Set([
  "thinkingConfig",
  "responseModalities",
  "mediaResolution",
  "speechConfig",
  "imageConfig",
  "audioTimestamp",
  "enableEnhancedCivicAnswers",
]);

function camelKeys(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [camelCase(name), each]));
}

/** Google takes both, and documents this one. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
