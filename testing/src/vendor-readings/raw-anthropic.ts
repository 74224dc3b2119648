import { type Exchange, exchangeBytes } from "../exchange.ts";
import { anthropicFinish } from "./finish-words.ts";
import { count, list, member, sseData, text } from "./raw-json.ts";
import {
  brokenReading,
  ChoiceDraft,
  finishedReading,
  type Reading,
  type UsageReading,
} from "./reading.ts";

/** Messages of Anthropic, read off the bytes. */
export function readRawAnthropic(exchange: Exchange): Reading {
  const body = exchangeBytes(exchange).toString();
  return exchange.stream ? readStream(body) : readMessage(JSON.parse(body));
}

function readMessage(message: unknown): Reading {
  const draft = new ChoiceDraft();
  for (const block of list(message, "content")) {
    draft.text += text(block, "text");
    draft.reasoning += text(block, "thinking");
    if (member(block, "type") !== "tool_use") continue;
    draft.toolCalls.push({
      id: text(block, "id"),
      name: text(block, "name"),
      arguments: member(block, "input"),
    });
  }
  draft.finish = text(message, "stop_reason") || undefined;
  return finishedReading([draft], anthropicFinish, usageOf(member(message, "usage")));
}

function readStream(body: string): Reading {
  const blocks = new Map<number, { start: unknown; json: string }>();
  const draft = new ChoiceDraft();
  let usage: Readonly<Record<string, unknown>> = {};
  for (const event of sseData(body)) {
    const delta = member(event, "delta");
    switch (member(event, "type")) {
      case "error":
        return brokenReading(errorStatus(event), [draft]);
      case "message_start":
        usage = { ...usage, ...counted(member(member(event, "message"), "usage")) };
        break;
      case "content_block_start":
        blocks.set(count(event, "index"), { start: member(event, "content_block"), json: "" });
        draft.calling ||= member(member(event, "content_block"), "type") === "tool_use";
        break;
      case "content_block_delta": {
        draft.text += text(delta, "text");
        draft.reasoning += text(delta, "thinking");
        const block = blocks.get(count(event, "index"));
        if (block) block.json += text(delta, "partial_json");
        break;
      }
      case "message_delta":
        draft.finish = text(delta, "stop_reason") || draft.finish;
        usage = { ...usage, ...counted(member(event, "usage")) };
        break;
    }
  }
  for (const { start, json } of blocks.values()) {
    if (member(start, "type") !== "tool_use") continue;
    const input: unknown = json === "" ? member(start, "input") : JSON.parse(json);
    draft.toolCalls.push({ id: text(start, "id"), name: text(start, "name"), arguments: input });
  }
  return finishedReading([draft], anthropicFinish, usageOf(usage));
}

/** What is counted, without what is null. */
function counted(usage: unknown): Readonly<Record<string, unknown>> {
  const entries = Object.entries(Object(usage)).filter(([, value]) => value !== null);
  return Object.fromEntries(entries);
}

function usageOf(usage: unknown): UsageReading {
  const cachedInput = count(usage, "cache_read_input_tokens");
  const written = count(usage, "cache_creation_input_tokens");
  return {
    input: count(usage, "input_tokens") + cachedInput + written,
    output: count(usage, "output_tokens"),
    cachedInput,
    reasoning: count(member(usage, "output_tokens_details"), "thinking_tokens"),
  };
}

function errorStatus(event: unknown): number {
  const type = member(member(event, "error"), "type");
  return type === "overloaded_error" ? 529 : type === "rate_limit_error" ? 429 : 500;
}
