import { type Exchange, exchangeBytes } from "../exchange.ts";
import { ollamaFinish } from "./finish-words.ts";
import { count, list, member, text } from "./raw-json.ts";
import {
  brokenReading,
  ChoiceDraft,
  finishedReading,
  type Reading,
  type UsageReading,
} from "./reading.ts";

/** Answers of Ollama's own chat and generate routes: one JSON a line, or one in all. */
export function readRawOllama(exchange: Exchange): Reading {
  const draft = new ChoiceDraft();
  let usage: UsageReading | undefined;
  const lines = exchangeBytes(exchange).toString().trim().split("\n");
  for (const line of exchange.stream ? lines : [lines.join("\n")]) {
    const piece: unknown = JSON.parse(line);
    if (text(piece, "error") !== "") return brokenReading(500, [draft]);
    const message = member(piece, "message") ?? piece;
    draft.text += text(message, "content") + text(message, "response");
    draft.reasoning += text(message, "thinking");
    for (const call of list(message, "tool_calls")) {
      const made = member(call, "function");
      const id = text(call, "id");
      draft.toolCalls.push({
        ...(id && { id }),
        name: text(made, "name"),
        arguments: member(made, "arguments"),
      });
    }
    if (member(piece, "done") !== true) continue;
    draft.finish = text(piece, "done_reason") || "stop";
    usage = usageOf(piece);
  }
  return finishedReading([draft], ollamaFinish, usage);
}

function usageOf(piece: unknown): UsageReading | undefined {
  const input = count(piece, "prompt_eval_count");
  const output = count(piece, "eval_count");
  return input + output === 0 ? undefined : { input, output, cachedInput: 0, reasoning: 0 };
}
