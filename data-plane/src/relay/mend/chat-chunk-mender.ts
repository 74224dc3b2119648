import type { MendEvent } from "@headgate/core";
import { anyOf, dropUnless, ensure, isInteger, isJson, isString, type Json } from "./json.ts";
import { argumentsText } from "./mend-chat-answer.ts";
import { chatReasons, mendEnd, mendIndex } from "./mend-choice.ts";
import { mendError } from "./mend-error.ts";
import { mendHead } from "./mend-head.ts";
import { mendMessage, tidyMessage } from "./mend-message.ts";
import { mendUsage } from "./mend-usage.ts";
import { ToolCallIndexes } from "./tool-call-indexes.ts";

/** Makes the chunks of one stream of /chat/completions what OpenAI's are. */
export function chatChunkMender(): MendEvent {
  const indexes = new Map<unknown, ToolCallIndexes>();
  return (event) => mendError(event) ?? mendChunk(event, indexes);
}

function mendChunk(chunk: Json, indexes: Map<unknown, ToolCallIndexes>): boolean {
  const head = mendHead(chunk, "chat.completion.chunk");
  const usage = mendUsage(chunk, true);
  const { choices } = chunk;
  const list: unknown[] = Array.isArray(choices) ? choices : [];
  const changed = list.map((choice, i) => isJson(choice) && mendChunkChoice(choice, i, indexes));
  return anyOf(head, usage, ...changed);
}

/** Azure's content filter sends choices without a delta (autogen issue 6465). */
function mendChunkChoice(
  choice: Json,
  position: number,
  indexes: Map<unknown, ToolCallIndexes>,
): boolean {
  const whole = ensure(choice, "delta", isJson, {});
  const numbered = mendIndex(choice, position);
  const { index, delta } = choice;
  if (!isJson(delta)) return true;
  const calls = indexes.get(index) ?? new ToolCallIndexes();
  indexes.set(index, calls);
  const changed = anyOf(
    whole,
    numbered,
    mendMessage(delta),
    mendRole(delta),
    mendCalls(delta["tool_calls"], calls),
    mendEnd(choice, { allowed: chatReasons, absent: null, calls: calls.any }),
  );
  if (changed) tidyMessage(delta);
  return changed;
}

function mendRole(delta: Json): boolean {
  const { role } = delta;
  if (role === undefined || roles.has(role)) return false;
  if (typeof role === "string" && role !== "")
    return ensure(delta, "role", () => false, "assistant");
  return dropUnless(delta, "role", () => false);
}

const roles: ReadonlySet<unknown> = new Set(["developer", "system", "user", "assistant", "tool"]);

function mendCalls(calls: unknown, indexes: ToolCallIndexes): boolean {
  if (!Array.isArray(calls)) return false;
  return anyOf(...calls.map((call) => isJson(call) && mendCall(call, indexes)));
}

/** Later deltas of a call say nothing of its id, type and name: that is not to say null. */
function mendCall(call: Json, indexes: ToolCallIndexes): boolean {
  const parts = anyOf(
    dropUnless(call, "id", isString),
    dropUnless(call, "type", (type) => type === "function" || type === "custom"),
    dropUnless(call, "function", isJson),
  );
  const called = call["function"];
  const named = isJson(called) && mendCalled(called);
  const index = indexes.of(call);
  return anyOf(
    parts,
    named,
    ensure(call, "index", (value) => isInteger(value) && value === index, index),
  );
}

function mendCalled(called: Json): boolean {
  const text = called["arguments"];
  const given = isJson(text) || Array.isArray(text);
  return anyOf(
    dropUnless(called, "name", isString),
    given && ensure(called, "arguments", isString, argumentsText(text)),
    dropUnless(called, "arguments", isString),
  );
}
