import { anyOf, ensure, isJson, isString, isStringOrNull, type Json } from "./json.ts";
import { chatReasons, mendChoice } from "./mend-choice.ts";
import { mendHead } from "./mend-head.ts";
import { mendMessage, tidyMessage } from "./mend-message.ts";
import { mendUsage } from "./mend-usage.ts";

/** Makes a whole answer of /chat/completions what OpenAI's is. True if that changed anything. */
export function mendChatAnswer(answer: Json): boolean {
  const head = mendHead(answer, "chat.completion");
  const usage = mendUsage(answer, false);
  const { choices } = answer;
  const list: unknown[] = Array.isArray(choices) ? choices : [];
  const mended = list.map((choice, i) => isJson(choice) && mendAnswerChoice(choice, i, answer));
  const changed = anyOf(head, usage, ...mended);
  if (changed) for (const choice of list) tidyChoice(choice);
  return changed;
}

function mendAnswerChoice(choice: Json, position: number, answer: Json): boolean {
  const whole = ensure(choice, "message", isJson, {});
  const message = choice["message"];
  const mended = isJson(message) && mendWholeMessage(message, answer);
  const calls = isJson(message) && hasCalls(message);
  const absent = calls ? "tool_calls" : "stop";
  return anyOf(
    whole,
    mended,
    mendChoice(choice, position, { allowed: chatReasons, absent, calls }),
  );
}

function mendWholeMessage(message: Json, answer: Json): boolean {
  return anyOf(
    mendMessage(message),
    ensure(message, "role", (role) => role === "assistant", "assistant"),
    ensure(message, "content", isStringOrNull, null),
    mendCalls(message["tool_calls"], answer),
  );
}

function hasCalls({ tool_calls }: Json): boolean {
  return Array.isArray(tool_calls) && tool_calls.length > 0;
}

/** OpenAI itself once left the refusal out: that alone is no reason to touch an answer. */
function tidyChoice(choice: unknown): void {
  const message = isJson(choice) ? choice["message"] : undefined;
  if (!isJson(message)) return;
  tidyMessage(message);
  ensure(message, "refusal", isStringOrNull, null);
}

function mendCalls(calls: unknown, answer: Json): boolean {
  if (!Array.isArray(calls)) return false;
  return anyOf(...calls.map((call, i) => isJson(call) && mendCall(call, `${answer["id"]}_${i}`)));
}

/** A custom tool's call has no function. https://platform.openai.com/docs/api-reference/chat/object */
function mendCall(call: Json, id: string): boolean {
  const named = ensure(call, "id", (value) => isString(value) && value !== "", `call_${id}`);
  if (call["type"] === "custom") return named;
  const typed = anyOf(
    named,
    ensure(call, "type", (type) => type === "function", "function"),
    ensure(call, "function", isJson, {}),
  );
  const called = call["function"];
  if (!isJson(called)) return typed;
  return anyOf(
    typed,
    ensure(called, "name", isString, ""),
    ensure(called, "arguments", isString, argumentsText(called["arguments"])),
  );
}

/** Some servers give the object itself instead of its text. */
export function argumentsText(value: unknown): string {
  return value === null || value === undefined ? "{}" : JSON.stringify(value);
}
