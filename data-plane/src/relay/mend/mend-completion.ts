import { anyOf, dropUnless, ensure, isJson, isList, isString, type Json } from "./json.ts";
import { mendChoice } from "./mend-choice.ts";
import { mendError } from "./mend-error.ts";
import { mendHead } from "./mend-head.ts";
import { mendUsage } from "./mend-usage.ts";

/** Makes a whole answer of /completions what OpenAI's is. True if that changed anything. */
export function mendCompletionAnswer(answer: Json): boolean {
  return mendCompletion(answer, "stop");
}

/** Its chunks look the same as whole answers. */
export function mendCompletionChunk(event: Json): boolean {
  return mendError(event) ?? mendCompletion(event, null);
}

function mendCompletion(answer: Json, absent: string | null): boolean {
  const head = anyOf(
    mendHead(answer, "text_completion"),
    dropUnless(answer, "system_fingerprint", isString),
  );
  const usage = mendUsage(answer, absent === null);
  const { choices } = answer;
  const list: unknown[] = Array.isArray(choices) ? choices : [];
  const changed = list.map((choice, i) => isJson(choice) && mendTextChoice(choice, i, absent));
  return anyOf(head, usage, ...changed);
}

function mendTextChoice(choice: Json, position: number, absent: string | null): boolean {
  return anyOf(
    ensure(choice, "text", isString, ""),
    mendChoice(choice, position, { allowed: textReasons, absent }),
    mendTextLogprobs(choice),
  );
}

const textReasons: ReadonlySet<unknown> = new Set(["stop", "length", "content_filter"]);

/** Lists of the legacy kind, or null. */
function mendTextLogprobs(choice: Json): boolean {
  const logprobs = choice["logprobs"];
  if (logprobs === undefined || logprobs === null) return false;
  if (!isJson(logprobs)) return ensure(choice, "logprobs", () => false, null);
  const names = ["text_offset", "token_logprobs", "tokens", "top_logprobs"];
  return anyOf(...names.map((name) => dropUnless(logprobs, name, isList)));
}
