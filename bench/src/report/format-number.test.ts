import { expect, it } from "vitest";
import { formatNumber } from "./format-number.ts";

it.each([
  { value: undefined, expected: "" },
  { value: 0, expected: "0" },
  { value: 0.125, expected: "0.125" },
  { value: 0.12345, expected: "0.123" },
  { value: -0.04567, expected: "-0.0457" },
  { value: 45.678, expected: "45.7" },
  { value: 99.96, expected: "100" },
  { value: 123.4, expected: "123" },
  { value: 1234.5, expected: "1,235" },
])("formats $value as '$expected'", ({ value, expected }) => {
  expect(formatNumber(value)).toBe(expected);
});
