import { isRecord, parseExact } from "@headgate/core";

/**
 * The arguments of a call as the object that most vendors want them to be, its long integers as they
 * were written. Models now and then write none, something else, or no JSON at all: that stays
 * readable to the model.
 */
export function callInput(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === "") return {};
  const value = parseExact(text);
  if (isRecord(value)) return value;
  if (value === null) return {};
  return value === undefined ? { invalid_arguments: text } : { value };
}
