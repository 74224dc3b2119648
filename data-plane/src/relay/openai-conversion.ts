import { errorInEvent, parseJson, usageFromOpenAi } from "@headgate/core";
import { classifyErrorInSuccess } from "../providers/openai/classify-error.ts";
import type { Conversion, PlainResult } from "./conversion.ts";
import { chatChunkMender } from "./mend/chat-chunk-mender.ts";
import { isJson, type Json } from "./mend/json.ts";
import { mendChatAnswer } from "./mend/mend-chat-answer.ts";
import { mendCompletionAnswer, mendCompletionChunk } from "./mend/mend-completion.ts";
import { OpenAiStream } from "./openai-stream.ts";
import { notJson } from "./translated-conversion.ts";

export interface OpenAiRelayOptions {
  readonly endpoint: "chat_completions" | "completions";
  /** Take out the event that holds nothing but usage: the client did not ask for it. */
  readonly stripUsage: boolean;
}

/**
 * Answers of a provider that speaks OpenAI's dialect itself: its bytes, but for those answers and
 * events that are not what OpenAI's clients expect.
 */
export function openAiRelay({ endpoint, stripUsage }: OpenAiRelayOptions): Conversion {
  const isChat = endpoint === "chat_completions";
  return {
    translates: false,
    passesOn: true,
    streamType: /^text\/event-stream\b/i,
    plain: (body) => plainAnswer(body, isChat ? mendChatAnswer : mendCompletionAnswer),
    stream: () => {
      const mend = isChat ? chatChunkMender() : mendCompletionChunk;
      return new OpenAiStream({ stripUsage, mend });
    },
  };
}

function plainAnswer(body: Buffer, mend: (answer: Json) => boolean): PlainResult {
  const value = parseJson(body.toString("utf8"));
  if (value === undefined) return { kind: "invalid", what: notJson(body) };
  if (!isJson(value)) return { kind: "invalid", what: "JSON that is not an answer" };
  if (!("choices" in value)) {
    if (value["error"] || errorInEvent(value))
      return { kind: "error", error: classifyErrorInSuccess(value) };
    return { kind: "invalid", what: "JSON without choices" };
  }
  const usage = usageFromOpenAi(value["usage"]);
  return { kind: "answer", body: mend(value) ? Buffer.from(JSON.stringify(value)) : body, usage };
}
