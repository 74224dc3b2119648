import { anyOf, ensure, isInteger, isJson, isObject, isString, type Json } from "./json.ts";

/** Makes an answer of /embeddings what OpenAI's is, but for the vectors themselves. */
export function mendEmbeddings(answer: Json): boolean {
  const { data } = answer;
  const list: unknown[] = Array.isArray(data) ? data : [];
  const head = anyOf(
    ensure(answer, "object", (object) => object === "list", "list"),
    ensure(answer, "model", isString, ""),
    ensure(answer, "usage", isObject, {}),
  );
  const entries = list.map(
    (entry, i) =>
      isJson(entry) &&
      anyOf(
        ensure(entry, "object", (object) => object === "embedding", "embedding"),
        ensure(entry, "index", isInteger, i),
      ),
  );
  return anyOf(head, mendCounts(answer["usage"]), ...entries);
}

function mendCounts(usage: unknown): boolean {
  if (!isJson(usage)) return false;
  const prompt = isInteger(usage["prompt_tokens"]) ? usage["prompt_tokens"] : 0;
  return anyOf(
    ensure(usage, "prompt_tokens", isInteger, prompt),
    ensure(usage, "total_tokens", isInteger, prompt),
  );
}
