import type { ChatRequest } from "../../chat/chat-request.ts";
import {
  type Json,
  missing,
  optionalNumber,
  optionalString,
  unsupported,
  without,
  wrongType,
} from "../members.ts";
import { given } from "../openai-chat/given.ts";
import { readLogitBias, readSampling, samplingMembers } from "../openai-chat/read-request.ts";

/**
 * Read a request of the legacy /v1/completions as that of a chat: the prompt is all that the user
 * says. What a chat cannot do is refused.
 *
 * https://platform.openai.com/docs/api-reference/completions/create
 */
export function readRequest(body: Json): ChatRequest {
  refuseUnsupported(body);
  const text = readPrompt(body["prompt"]);
  const top = optionalNumber(body["logprobs"], "logprobs");
  return {
    messages: [{ role: "user", content: [{ type: "text", text }] }],
    tools: [],
    // The API's own default, which clients of it count on.
    maxOutputTokens: defaultMaxTokens,
    ...readSampling(body),
    ...given("logprobs", top === undefined ? undefined : { top }),
    ...given("logitBias", readLogitBias(body["logit_bias"])),
    ...given("user", optionalString(body["user"], "user")),
    stream: body["stream"] === true,
    more: { dialect: "openai", members: leftOver(body) },
  };
}

const defaultMaxTokens = 16;

function readPrompt(prompt: unknown): string {
  if (typeof prompt === "string") return prompt;
  if (prompt === undefined || prompt === null) throw missing("prompt");
  if (!Array.isArray(prompt)) throw wrongType("prompt", "a string or a list", prompt);
  const [first] = prompt;
  if (prompt.length === 1 && typeof first === "string") return first;
  const why = prompt.every((item) => typeof item === "string")
    ? "several prompts are several requests: send one at a time"
    : "the model is served by chat, which takes text, not tokens";
  throw unsupported("prompt", `Unsupported value for 'prompt': ${why}.`);
}

function refuseUnsupported(body: Json): void {
  const { echo, best_of, n } = body;
  const chat = "the model of this deployment is served by chat, which has nothing like it";
  if (echo === true) throw unsupported("echo", `Unsupported value for 'echo': ${chat}.`);
  const best = optionalNumber(best_of, "best_of") ?? 1;
  if (best > (optionalNumber(n, "n") ?? 1)) {
    throw unsupported("best_of", `Unsupported value for 'best_of': ${chat}.`);
  }
}

const held: readonly string[] = [
  "model",
  "prompt",
  "echo",
  "best_of",
  ...samplingMembers,
  "logprobs",
  "logit_bias",
  "user",
  "stream",
  "stream_options",
];

function leftOver(body: Json): Json {
  // Most vendors have no place for it, and say so.
  const suffix = optionalString(body["suffix"], "suffix");
  const names = suffix === "" ? [...held, "suffix"] : held;
  const rest = Object.entries(without(body, names)).filter(([, value]) => value !== null);
  return Object.fromEntries(rest);
}
