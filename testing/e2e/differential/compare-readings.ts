import type { Reading, ToolCallReading } from "@headgate/testing/vendor-readings";

/**
 * `expected`, with what a vendor does not give as `actual` has it: ids that are there and are
 * nobody else's, and usage. Then the two have to be equal.
 */
export function alignedTo(actual: Reading, expected: Reading): Reading {
  if (actual.kind !== "answer" || expected.kind !== "answer") return expected;
  const ids = actual.choices.flatMap(({ toolCalls }) => toolCalls.map(({ id }) => id));
  const choices = expected.choices.map((choice, index) => ({
    ...choice,
    toolCalls: withIds(choice.toolCalls, actual.choices[index]?.toolCalls ?? [], ids),
  }));
  const usage = expected.usage ?? actual.usage;
  return { kind: "answer", choices, ...(usage && { usage }) };
}

function withIds(
  expected: readonly ToolCallReading[],
  actual: readonly ToolCallReading[],
  all: readonly (string | undefined)[],
): readonly ToolCallReading[] {
  return expected.map((call, index) => {
    const id = actual[index]?.id;
    const isItsOwn = id && all.filter((other) => other === id).length === 1;
    return { ...call, id: call.id ?? (isItsOwn ? id : "an id of its own") };
  });
}
