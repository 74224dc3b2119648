import { isDeepStrictEqual } from "node:util";
import type { AnswerReading, Reading, ToolCallReading } from "@headgate/testing/vendor-readings";
import { describe, expect, it } from "vitest";
import { alignedTo } from "./compare-readings.ts";

const usage = { input: 5, output: 3, cachedInput: 0, reasoning: 0 };

describe("readings", () => {
  it.each<{ name: string; actual: Reading; expected: Reading; same: boolean }>([
    { name: "equal ones", actual: answer({}), expected: answer({}), same: true },
    {
      name: "an id where the vendor gave none",
      actual: answer({ calls: [call("a")] }),
      expected: answer({ calls: [call()] }),
      same: true,
    },
    {
      name: "usage where the vendor counted none",
      actual: { ...answer({}), usage },
      expected: answer({}),
      same: true,
    },
    {
      name: "another id than the vendor's",
      actual: answer({ calls: [call("a")] }),
      expected: answer({ calls: [call("b")] }),
      same: false,
    },
    {
      name: "no id at all",
      actual: answer({ calls: [call()] }),
      expected: answer({ calls: [call()] }),
      same: false,
    },
    {
      name: "the same id twice",
      actual: answer({ calls: [call("a"), call("a")] }),
      expected: answer({ calls: [call(), call()] }),
      same: false,
    },
    {
      name: "a call too few",
      actual: answer({ calls: [] }),
      expected: answer({ calls: [call("a")] }),
      same: false,
    },
    {
      name: "a choice too many",
      actual: { kind: "answer", choices: [...answer({}).choices, ...answer({}).choices] },
      expected: answer({}),
      same: false,
    },
    {
      name: "usage lost",
      actual: answer({}),
      expected: { ...answer({}), usage },
      same: false,
    },
    {
      name: "an error for an answer",
      actual: { kind: "error", status: 500 },
      expected: answer({}),
      same: false,
    },
    { name: "other text", actual: answer({ text: "b" }), expected: answer({}), same: false },
  ])("$name", ({ actual, expected, same }) => {
    expect(isDeepStrictEqual(actual, alignedTo(actual, expected))).toBe(same);
  });
});

function answer({ text = "a", calls = [] }: Said): AnswerReading {
  const choice = { text, refusal: "", reasoning: "", toolCalls: calls, finish: "stop" as const };
  return { kind: "answer", choices: [choice] };
}

interface Said {
  readonly text?: string;
  readonly calls?: readonly ToolCallReading[];
}

function call(id?: string): ToolCallReading {
  return { ...(id !== undefined && { id }), name: "weather", arguments: {} };
}
