import { type Exchange, exchangeBytes } from "../exchange.ts";
import { openAiFinish } from "./finish-words.ts";
import { count, list, member, sseData, text } from "./raw-json.ts";
import {
  ChoiceDraft,
  draftAt,
  finishedReading,
  ordered,
  type Reading,
  type UsageReading,
} from "./reading.ts";

/** Chat completions and completions in OpenAI's own shape. */
export function readRawOpenAi(exchange: Exchange): Reading {
  const body = exchangeBytes(exchange).toString();
  const drafts = new Map<number, Draft>();
  let usage: UsageReading | undefined;
  for (const piece of exchange.stream ? sseData(body) : [JSON.parse(body)]) {
    if (member(piece, "error")) return { kind: "error", status: 500 };
    for (const choice of list(piece, "choices")) readChoice(choice, drafts, exchange);
    usage = usageOf(member(piece, "usage")) ?? usage;
  }
  const byIndex = ordered(drafts).map((draft) => draft.whole(exchange.stream));
  return finishedReading(byIndex, openAiFinish, usage);
}

class Draft extends ChoiceDraft {
  readonly calls = new Map<number, { id: string; name: string; json: string }>();

  whole(stream: boolean): ChoiceDraft {
    if (!stream) this.finish ??= this.calls.size > 0 ? "tool_calls" : "stop";
    for (const { id, name, json } of this.calls.values()) {
      this.toolCalls.push({ id, name, arguments: JSON.parse(json || "{}") });
    }
    return this;
  }
}

function readChoice(choice: unknown, drafts: Map<number, Draft>, exchange: Exchange): void {
  const draft = draftAt(drafts, count(choice, "index"), () => new Draft());
  const message = member(choice, exchange.stream ? "delta" : "message");
  if (exchange.kind === "completions") draft.text += text(choice, "text");
  else readContent(member(message, "content"), draft);
  draft.refusal += text(message, "refusal");
  draft.reasoning += text(message, "reasoning_content") || text(message, "reasoning");
  for (const [place, call] of list(message, "tool_calls").entries()) {
    const at = member(call, "index") === undefined ? place : count(call, "index");
    const made = draftAt(draft.calls, at, () => ({ id: "", name: "", json: "" }));
    made.id ||= text(call, "id");
    made.name ||= text(member(call, "function"), "name");
    made.json += text(member(call, "function"), "arguments");
  }
  draft.finish = text(choice, "finish_reason") || draft.finish;
}

/** Some providers have lists of parts there, with thoughts among them. */
function readContent(content: unknown, draft: ChoiceDraft): void {
  if (typeof content === "string") draft.text += content;
  if (!Array.isArray(content)) return;
  for (const part of content) {
    draft.text += text(part, "text");
    for (const thought of list(part, "thinking")) draft.reasoning += text(thought, "text");
  }
}

function usageOf(usage: unknown): UsageReading | undefined {
  if (member(usage, "prompt_tokens") === undefined) return undefined;
  return {
    input: count(usage, "prompt_tokens"),
    output: count(usage, "completion_tokens"),
    cachedInput: count(member(usage, "prompt_tokens_details"), "cached_tokens"),
    reasoning: count(member(usage, "completion_tokens_details"), "reasoning_tokens"),
  };
}
