import { type Exchange, exchangeBytes } from "../exchange.ts";
import { bedrockFinish } from "./finish-words.ts";
import { count, list, member, text } from "./raw-json.ts";
import {
  brokenReading,
  ChoiceDraft,
  finishedReading,
  type Reading,
  type UsageReading,
} from "./reading.ts";

/** Answers of Bedrock's Converse, whole or in AWS's binary framing. */
export function readRawBedrock(exchange: Exchange): Reading {
  const bytes = exchangeBytes(exchange);
  return exchange.stream ? readStream(bytes) : readWhole(JSON.parse(bytes.toString()));
}

function readWhole(body: unknown): Reading {
  const draft = new ChoiceDraft();
  for (const block of list(member(member(body, "output"), "message"), "content")) {
    draft.text += text(block, "text");
    draft.reasoning += text(member(member(block, "reasoningContent"), "reasoningText"), "text");
    const call = member(block, "toolUse");
    if (isForClient(call)) draft.toolCalls.push(toolCall(call, member(call, "input")));
  }
  draft.finish = text(body, "stopReason") || undefined;
  return finishedReading([draft], bedrockFinish, usageOf(member(body, "usage")));
}

function readStream(bytes: Buffer): Reading {
  const draft = new ChoiceDraft();
  const calls = new Map<number, { start: unknown; json: string }>();
  let usage: UsageReading | undefined;
  for (const { headers, payload } of framesOf(bytes)) {
    if (headers.get(":message-type") === "exception") {
      const status = headers.get(":exception-type") === "throttlingException" ? 429 : 500;
      return brokenReading(status, [draft]);
    }
    const index = count(payload, "contentBlockIndex");
    switch (headers.get(":event-type")) {
      case "contentBlockStart": {
        const start = member(member(payload, "start"), "toolUse");
        if (isForClient(start)) calls.set(index, { start, json: "" });
        draft.calling ||= calls.size > 0;
        break;
      }
      case "contentBlockDelta": {
        const delta = member(payload, "delta");
        draft.text += text(delta, "text");
        draft.reasoning += text(member(delta, "reasoningContent"), "text");
        const call = calls.get(index);
        if (call) call.json += text(member(delta, "toolUse"), "input");
        break;
      }
      case "messageStop":
        draft.finish = text(payload, "stopReason");
        break;
      case "metadata":
        usage = usageOf(member(payload, "usage"));
        break;
    }
  }
  for (const { start, json } of calls.values()) {
    draft.toolCalls.push(toolCall(start, JSON.parse(json || "{}")));
  }
  return finishedReading([draft], bedrockFinish, usage);
}

/** Tools that AWS runs itself are its own affair. */
function isForClient(call: unknown): boolean {
  return call !== undefined && member(call, "type") !== "server_tool_use";
}

function toolCall(call: unknown, input: unknown) {
  return { id: text(call, "toolUseId"), name: text(call, "name"), arguments: input };
}

/** Input is counted apart from what was read from, and written to, a cache. */
function usageOf(usage: unknown): UsageReading | undefined {
  if (usage === undefined) return undefined;
  const cachedInput = count(usage, "cacheReadInputTokens");
  const written = count(usage, "cacheWriteInputTokens");
  const input = count(usage, "inputTokens") + cachedInput + written;
  return { input, output: count(usage, "outputTokens"), cachedInput, reasoning: 0 };
}

interface Frame {
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: unknown;
}

/**
 * length (4), length of headers (4), checksum (4), headers, payload, checksum (4).
 * https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
 */
function framesOf(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const end = at + bytes.readUInt32BE(at);
    const payloadAt = at + 12 + bytes.readUInt32BE(at + 4);
    const payload = bytes.subarray(payloadAt, end - 4).toString();
    const headers = headersOf(bytes.subarray(at + 12, payloadAt));
    frames.push({ headers, payload: payload === "" ? undefined : JSON.parse(payload) });
  }
  return frames;
}

/** Those of a string (type 7), which are all there are. */
function headersOf(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    const valueAt = nameEnd + 3;
    const valueEnd = valueAt + bytes.readUInt16BE(nameEnd + 1);
    const name = bytes.subarray(at + 1, nameEnd).toString();
    headers.set(name, bytes.subarray(valueAt, valueEnd).toString());
    at = valueEnd;
  }
  return headers;
}
