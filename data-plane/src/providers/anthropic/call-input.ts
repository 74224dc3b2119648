import { isRecord, parseJson } from "@headgate/core";

/**
 * The arguments of a call as the object that `input` must be. Models of other vendors now and then
 * write none, something else, or no JSON at all: that stays readable to the model.
 */
export function callInput(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === "") return {};
  const value = parseJson(text);
  if (isRecord(value)) return value;
  return value === undefined ? { invalid_arguments: text } : { value };
}
