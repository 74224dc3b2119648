import { type Exchange, exchangeBytes } from "../exchange.ts";
import { geminiFinish } from "./finish-words.ts";
import { count, list, member, sseData, text } from "./raw-json.ts";
import {
  brokenReading,
  ChoiceDraft,
  draftAt,
  finishedReading,
  ordered,
  type Reading,
  type UsageReading,
} from "./reading.ts";

/** Answers of generateContent, whole or as events, off the bytes. */
export function readRawGemini(exchange: Exchange): Reading {
  const body = exchangeBytes(exchange).toString();
  const chunks = exchange.stream ? sseData(body) : [JSON.parse(body)];
  const drafts = new Map<number, ChoiceDraft>();
  let usage: UsageReading | undefined;
  for (const chunk of chunks) {
    const error = member(chunk, "error");
    if (error !== undefined) return brokenReading(count(error, "code"), ordered(drafts));
    if (text(member(chunk, "promptFeedback"), "blockReason") !== "") {
      draftAt(drafts, 0, () => new ChoiceDraft()).finish = "PROMPT_BLOCKED";
    }
    for (const candidate of list(chunk, "candidates")) readCandidate(candidate, drafts);
    usage = usageOf(member(chunk, "usageMetadata")) ?? usage;
  }
  return finishedReading(ordered(drafts), geminiFinish, usage);
}

function readCandidate(candidate: unknown, drafts: Map<number, ChoiceDraft>): void {
  const draft = draftAt(drafts, count(candidate, "index"), () => new ChoiceDraft());
  for (const part of list(member(candidate, "content"), "parts")) {
    if (member(part, "thought") === true) draft.reasoning += text(part, "text");
    else draft.text += text(part, "text");
    if (member(part, "functionResponse") !== undefined) draft.answered += 1;
    const call = member(part, "functionCall");
    if (call === undefined) continue;
    const id = text(call, "id");
    draft.toolCalls.push({
      ...(id && { id }),
      name: text(call, "name"),
      arguments: member(call, "args") ?? {},
    });
  }
  draft.finish = text(candidate, "finishReason") || draft.finish;
}

function usageOf(usage: unknown): UsageReading | undefined {
  const input = count(usage, "promptTokenCount") + count(usage, "toolUsePromptTokenCount");
  const reasoning = count(usage, "thoughtsTokenCount");
  const output = count(usage, "candidatesTokenCount") + reasoning;
  if (input + output === 0) return undefined;
  return { input, output, cachedInput: count(usage, "cachedContentTokenCount"), reasoning };
}
