import type { AnswerFormat, ChatRequest } from "../../chat/chat-request.ts";
import { type Reader, understoodMessages } from "../foreign-content.ts";
import type { Target, VendorRequest } from "../provider-api.ts";
import type { Json } from "./json.ts";
import { ollamaMessages } from "./messages.ts";
import { ollamaOptions } from "./options.ts";
import { ollamaTools } from "./tools.ts";
import { unsupported, unsupportedMembers } from "./unsupported.ts";

/**
 * A request to Ollama's own chat.
 * https://docs.ollama.com/api/chat
 */
export function chatRequest(request: ChatRequest, target: Target): VendorRequest {
  const dropped = unsupported(request);
  const body = {
    model: target.model,
    messages: ollamaMessages(understoodMessages(request.messages, ollamaReader, dropped)),
    ...ollamaTools(request, dropped),
    ...commonMembers(request, target),
  };
  const foreign = unsupportedMembers(request);
  return { path: `${target.basePath}/api/chat`, body, dropped: [...dropped, ...foreign] };
}

/** It has no parts of its own. */
export const ollamaReader: Reader = { vendor: "Ollama", takes: () => false };

/** What a request has whether it is a chat or a text to go on with. */
export function commonMembers(request: ChatRequest, target: Target): Json {
  const { stream, logprobs } = request;
  const options = ollamaOptions(request);
  const think = thinkOf(request, target.model);
  return {
    stream,
    ...formatOf(request.format),
    ...(think !== undefined && { think }),
    ...(Object.keys(options).length > 0 && { options }),
    ...(logprobs && { logprobs: true, ...(logprobs.top > 0 && { top_logprobs: logprobs.top }) }),
    ...keepAlive(target, request.more.members),
  };
}

/**
 * The operator's word goes before the client's. Seconds are a number: of a text, Ollama wants a unit.
 * https://docs.ollama.com/faq
 */
export function keepAlive(target: Target, members: Json): Json {
  const wanted = target.keepAlive || members["keep_alive"];
  if (wanted === undefined || wanted === null) return {};
  const seconds = typeof wanted === "string" && /^-?\d+$/.test(wanted);
  return { keep_alive: seconds ? Number(wanted) : wanted };
}

function formatOf(format: AnswerFormat | undefined): Json {
  if (format?.type === "json") return { format: "json" };
  return format?.type === "json_schema" ? { format: format.schema } : {};
}

/**
 * Most models think or do not; gpt-oss always does, more or less.
 * https://docs.ollama.com/capabilities/thinking
 */
function thinkOf({ reasoning }: ChatRequest, model: string): boolean | string | undefined {
  if (!reasoning) return undefined;
  const { effort, budgetTokens, adaptive } = reasoning;
  if (effort === undefined && budgetTokens === undefined && !adaptive) return undefined;
  const off = effort === "none" && budgetTokens === undefined;
  if (!/gpt-oss/i.test(model)) return !off;
  if (effort === "medium" || effort === undefined) return "medium";
  return effort === "none" || effort === "minimal" || effort === "low" ? "low" : "high";
}
