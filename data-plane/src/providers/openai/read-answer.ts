import { isRecord, type Usage, usageFromOpenAi } from "@headgate/core";

/** What a complete answer of status 200 turns out to be. */
export type Answer =
  | { readonly kind: "answer"; readonly usage: Usage | undefined }
  | { readonly kind: "error"; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: "not_json"; readonly what: string };

/** Look at a whole JSON answer: is it one, does it hide an error, what did it use? */
export function readAnswer(body: Buffer): Answer {
  if (body.length === 0) return { kind: "not_json", what: "an empty body" };
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return { kind: "not_json", what: "a body that is not JSON" };
  }
  if (!isRecord(value)) return { kind: "answer", usage: undefined };
  const isAnswer = "choices" in value || "data" in value;
  if (value["error"] && !isAnswer) return { kind: "error", body: value };
  return { kind: "answer", usage: usageFromOpenAi(value["usage"]) };
}

/** Usage from the last bytes of an answer too large to hold: providers write it at the end. */
export function usageFromTail(tail: Buffer): Usage | undefined {
  const at = tail.lastIndexOf('"usage"');
  if (at < 0) return undefined;
  const text = tail.toString("latin1", at + '"usage"'.length);
  // The object ends at one of the closing braces; which one, parsing tells.
  const start = text.indexOf("{");
  if (start < 0) return undefined;
  for (let end = text.indexOf("}"); end >= 0; end = text.indexOf("}", end + 1)) {
    try {
      return usageFromOpenAi(JSON.parse(text.slice(start, end + 1)));
    } catch {
      // Not this one: the brace closes an object within.
    }
  }
  return undefined;
}
