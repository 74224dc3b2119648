import type { Finish, FinishWords } from "./reading.ts";

/** https://docs.anthropic.com/en/api/handling-stop-reasons */
export const anthropicFinish: FinishWords = table("stop", {
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
});

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export const bedrockFinish: FinishWords = table("stop", {
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  content_filtered: "content_filter",
  guardrail_intervened: "content_filter",
});

const geminiWords = table("stop", {
  MAX_TOKENS: "length",
  // The words for a prompt that was blocked are other ones; this one is ours.
  PROMPT_BLOCKED: "content_filter",
  OTHER: "content_filter",
  LANGUAGE: "content_filter",
  IMAGE_OTHER: "content_filter",
  SAFETY: "content_filter",
  RECITATION: "content_filter",
  BLOCKLIST: "content_filter",
  PROHIBITED_CONTENT: "content_filter",
  SPII: "content_filter",
  IMAGE_SAFETY: "content_filter",
  IMAGE_PROHIBITED_CONTENT: "content_filter",
  IMAGE_RECITATION: "content_filter",
  MODEL_ARMOR: "content_filter",
});

/** Gemini has no word for tool calls. https://ai.google.dev/api/generate-content#FinishReason */
export const geminiFinish: FinishWords = (native, hasOpenCalls) =>
  native === "STOP" && hasOpenCalls ? "tool_calls" : geminiWords(native, hasOpenCalls);

/** Neither has Ollama. */
export const ollamaFinish: FinishWords = (native, hasOpenCalls) => {
  if (native === "length") return "length";
  return hasOpenCalls ? "tool_calls" : "stop";
};

export const openAiFinish: FinishWords = table("stop", {
  length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
});

function table(otherwise: Finish, words: Readonly<Record<string, Finish>>): FinishWords {
  return (native) => words[native] ?? otherwise;
}
