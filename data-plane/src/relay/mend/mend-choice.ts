import { finishReason } from "../../providers/openai/finish-reason.ts";
import { anyOf, ensure, isInteger, isJson, isList, type Json } from "./json.ts";

/** Index, finish reason and log probabilities of a choice, of a whole answer or a chunk. */
export function mendChoice(choice: Json, position: number, reasons: FinishReasons): boolean {
  return anyOf(mendIndex(choice, position), mendEnd(choice, reasons));
}

export function mendIndex(choice: Json, position: number): boolean {
  return ensure(choice, "index", isInteger, position);
}

export function mendEnd(choice: Json, reasons: FinishReasons): boolean {
  return anyOf(mendFinishReason(choice, reasons), mendLogprobs(choice));
}

export interface FinishReasons {
  readonly allowed: ReadonlySet<unknown>;
  /** Where there is none: null as long as the answer goes on, "stop" in a whole answer. */
  readonly absent: string | null;
  /** The choice calls tools: a word nobody knows is no end of a text. */
  readonly calls?: boolean;
}

export const chatReasons: ReadonlySet<unknown> = new Set([
  "stop",
  "length",
  "tool_calls",
  "content_filter",
  "function_call",
]);

function mendFinishReason(choice: Json, reasons: FinishReasons): boolean {
  const { allowed, absent } = reasons;
  const reason = choice["finish_reason"];
  if (allowed.has(reason) || (reason === null && absent === null)) return false;
  const said = typeof reason === "string" && reason !== "";
  choice["finish_reason"] = said ? endOf(reason, reasons) : absent;
  return true;
}

/** What legacy completions have no word for is an end like any other. */
function endOf(word: string, { allowed, calls }: FinishReasons): string {
  const known = finishReason(word);
  if (known === "stop" && calls) return "tool_calls";
  return allowed.has(known) ? known : "stop";
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
