import { expect, it } from "vitest";
import { jsonText } from "./json-text.ts";

it.each([
  ["a", "a"],
  [1.5, "1.5"],
  [null, "null"],
  [undefined, ""],
  [{ toString: false, valueOf: 1 }, '{"toString":false,"valueOf":1}'],
  [[{ toString: null }], '[{"toString":null}]'],
])("of %j is %j", (value, text) => {
  expect(jsonText(value)).toBe(text);
});
