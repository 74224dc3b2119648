import Anthropic, { AnthropicError, APIError } from "@anthropic-ai/sdk";
import { anthropicFinish } from "./finish-words.ts";
import { ChoiceDraft, finishedReading, type Reading, type UsageReading } from "./reading.ts";
import type { VendorCall } from "./vendor.ts";

/** What @anthropic-ai/sdk makes of an answer. */
export async function readWithAnthropic({ origin, stream }: VendorCall): Promise<Reading> {
  const client = new Anthropic({ apiKey: "k", baseURL: origin, maxRetries: 0 });
  return await readAnthropic(client, { model: "claude", stream });
}

export interface AnthropicCall {
  readonly model: string;
  readonly stream: boolean;
}

/** Asks, and reads what comes. */
export async function readAnthropic(
  client: Anthropic,
  { model, stream }: AnthropicCall,
): Promise<Reading> {
  const messages = [{ role: "user" as const, content: "Hello" }];
  const request = { model, max_tokens: 1000, messages };
  try {
    const answer = stream
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request);
    return readingOf(answer);
  } catch (error) {
    if (error instanceof AnthropicError && !(error instanceof APIError)) {
      return { kind: "incomplete", begun: false };
    }
    if (!(error instanceof APIError)) throw error;
    return { kind: "error", status: error.status ?? 500 };
  }
}

/** What a message says, by the client's own types. */
export function readingOf(message: Anthropic.Message): Reading {
  const draft = new ChoiceDraft();
  for (const block of message.content) {
    if (block.type === "text") draft.text += block.text;
    if (block.type === "thinking") draft.reasoning += block.thinking;
    if (block.type === "tool_use") {
      draft.toolCalls.push({ id: block.id, name: block.name, arguments: block.input });
    }
  }
  draft.finish = message.stop_reason ?? undefined;
  return finishedReading([draft], anthropicFinish, usageOf(message.usage));
}

function usageOf(usage: Anthropic.Usage): UsageReading {
  const cachedInput = usage.cache_read_input_tokens ?? 0;
  const written = usage.cache_creation_input_tokens ?? 0;
  return {
    input: usage.input_tokens + cachedInput + written,
    output: usage.output_tokens,
    cachedInput,
    reasoning: usage.output_tokens_details?.thinking_tokens ?? 0,
  };
}
