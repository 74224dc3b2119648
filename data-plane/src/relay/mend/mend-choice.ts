import { finishReason } from "../../providers/openai/finish-reason.ts";
import { anyOf, ensure, isInteger, isJson, isList, type Json } from "./json.ts";

/** Index, finish reason and log probabilities of a choice, of a whole answer or a chunk. */
export function mendChoice(choice: Json, position: number, reasons: FinishReasons): boolean {
  return anyOf(
    ensure(choice, "index", isInteger, position),
    mendFinishReason(choice, reasons),
    mendLogprobs(choice),
  );
}

export interface FinishReasons {
  readonly allowed: ReadonlySet<unknown>;
  /** Where there is none: null as long as the answer goes on, "stop" in a whole answer. */
  readonly absent: string | null;
}

export const chatReasons: ReadonlySet<unknown> = new Set([
  "stop",
  "length",
  "tool_calls",
  "content_filter",
  "function_call",
]);

function mendFinishReason(choice: Json, { allowed, absent }: FinishReasons): boolean {
  const reason = choice["finish_reason"];
  if (allowed.has(reason) || (reason === null && absent === null)) return false;
  const said = typeof reason === "string" && reason !== "";
  const known = said ? finishReason(reason) : absent;
  // What legacy completions have no word for is an end like any other.
  choice["finish_reason"] = known === absent || allowed.has(known) ? known : "stop";
  return true;
}

/** Of the chat kind: both lists must be there, and each token in them have all of its members. */
function mendLogprobs(choice: Json): boolean {
  const logprobs = choice["logprobs"];
  if (!isJson(logprobs) || !("content" in logprobs || "refusal" in logprobs)) return false;
  return anyOf(
    ...["content", "refusal"].flatMap((name) => [
      ensure(logprobs, name, (value) => value === null || isList(value), null),
      ...tokens(logprobs[name]).map(mendToken),
    ]),
  );
}

function mendToken(token: Json): boolean {
  return anyOf(
    ensure(token, "bytes", (value) => value === null || isList(value), null),
    ensure(token, "top_logprobs", isList, []),
    ...tokens(token["top_logprobs"]).map((other) =>
      ensure(other, "bytes", (value) => value === null || isList(value), null),
    ),
  );
}

function tokens(list: unknown): readonly Json[] {
  return Array.isArray(list) ? list.filter(isJson) : [];
}
