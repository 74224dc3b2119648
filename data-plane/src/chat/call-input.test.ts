import { describe, expect, it } from "vitest";
import { callInput } from "./call-input.ts";

describe("callInput()", () => {
  it.each([
    { text: "", input: {} },
    { text: " \n", input: {} },
    { text: "null", input: {} },
    { text: '{"a":1}', input: { a: 1 } },
    { text: "[1]", input: { value: [1] } },
    { text: "12345678901234567890", input: { value: 12345678901234567890n } },
    { text: '{"a":', input: { invalid_arguments: '{"a":' } },
  ])("of $text is an object", ({ text, input }) => {
    const asNumbers = JSON.stringify(input, (_, value: unknown) =>
      typeof value === "bigint" ? Number(value) : value,
    );
    expect(JSON.stringify(callInput(text))).toBe(asNumbers);
  });

  it("keeps integers that no number holds", () => {
    const text = '{"id":9007199254740993,"ids":[-12345678901234567890]}';
    expect(JSON.stringify(callInput(text))).toBe(text);
  });
});
