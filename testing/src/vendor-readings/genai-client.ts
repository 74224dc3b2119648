import {
  ApiError,
  type Candidate,
  type GenerateContentResponse,
  type GenerateContentResponseUsageMetadata,
  GoogleGenAI,
} from "@google/genai";
import { geminiFinish } from "./finish-words.ts";
import {
  ChoiceDraft,
  draftAt,
  finishedReading,
  ordered,
  type Reading,
  type ToolCallReading,
  type UsageReading,
} from "./reading.ts";
import type { VendorCall } from "./vendor.ts";

/** What @google/genai makes of an answer; Vertex answers in the same shape. */
export async function readWithGenAi({ origin, stream }: VendorCall): Promise<Reading> {
  const client = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: origin } });
  const request = { model: "gemini", contents: "Hello" };
  const pieces: GenerateContentResponse[] = [];
  try {
    if (stream) {
      for await (const piece of await client.models.generateContentStream(request)) {
        pieces.push(piece);
      }
    } else pieces.push(await client.models.generateContent(request));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { kind: "error", status: error.status };
  }
  return readingOf(pieces);
}

function readingOf(pieces: readonly GenerateContentResponse[]): Reading {
  const drafts = new Map<number, ChoiceDraft>();
  for (const { candidates = [], promptFeedback } of pieces) {
    if (promptFeedback?.blockReason) {
      draftAt(drafts, 0, () => new ChoiceDraft()).finish = "PROMPT_BLOCKED";
    }
    for (const candidate of candidates) {
      const draft = draftAt(drafts, candidate.index ?? 0, () => new ChoiceDraft());
      readCandidate(candidate, draft);
    }
  }
  const usages = pieces.flatMap(({ usageMetadata }) => usageMetadata ?? []);
  const counted = usages.map(usageOf).filter(({ input, output }) => input + output > 0);
  return finishedReading(ordered(drafts), geminiFinish, counted.at(-1));
}

function readCandidate(candidate: Candidate, draft: ChoiceDraft): void {
  for (const part of candidate.content?.parts ?? []) {
    const { thought, text = "", functionCall, functionResponse } = part;
    if (functionResponse) draft.answered += 1;
    if (thought) draft.reasoning += text;
    else draft.text += text;
    if (functionCall) draft.toolCalls.push(toolCallOf(functionCall));
  }
  if (candidate.finishReason) draft.finish = candidate.finishReason;
}

function toolCallOf({ id, name = "", args = {} }: FunctionCall): ToolCallReading {
  return { ...(id && { id }), name, arguments: args };
}

type FunctionCall = NonNullable<GenerateContentResponse["functionCalls"]>[number];

function usageOf(usage: GenerateContentResponseUsageMetadata): UsageReading {
  const { promptTokenCount = 0, toolUsePromptTokenCount = 0, cachedContentTokenCount = 0 } = usage;
  const { candidatesTokenCount = 0, thoughtsTokenCount = 0 } = usage;
  return {
    input: promptTokenCount + toolUsePromptTokenCount,
    output: candidatesTokenCount + thoughtsTokenCount,
    cachedInput: cachedContentTokenCount,
    reasoning: thoughtsTokenCount,
  };
}
