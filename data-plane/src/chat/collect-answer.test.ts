import { describe, expect, it } from "vitest";
import type { ChatEvent } from "./chat-event.ts";
import { collectAnswer } from "./collect-answer.ts";

const finish: ChatEvent = { type: "finish", choice: 0, reason: "stop" };

describe("collectAnswer()", () => {
  it("joins deltas of a part, and keeps parts apart where the vendor did", () => {
    const parts = partsOf([
      { type: "reasoning-delta", choice: 0, text: "hm" },
      { type: "reasoning-delta", choice: 0, text: "m" },
      { type: "signature", choice: 0, signature: { vendor: "anthropic", value: "s" } },
      { type: "text-delta", choice: 0, text: "a" },
      { type: "text-delta", choice: 0, text: "b" },
      { type: "part-end", choice: 0 },
      { type: "text-delta", choice: 0, text: "c" },
      { type: "refusal-delta", choice: 0, text: "no" },
    ]);
    expect(parts).toEqual([
      { type: "reasoning", text: "hmm", signature: { vendor: "anthropic", value: "s" } },
      { type: "text", text: "ab" },
      { type: "text", text: "c" },
      { type: "refusal", text: "no" },
    ]);
  });

  it("gathers the arguments of calls that interleave, and gives a call without any {}", () => {
    const call = (index: number) =>
      ({ type: "tool-call-start", choice: 0, index, id: `c${index}`, name: "f" }) as const;
    const more = (index: number, text: string) =>
      ({ type: "tool-call-delta", choice: 0, index, arguments: text }) as const;
    const parts = partsOf([call(0), call(1), more(1, '{"b"'), more(0, '{"a":1}'), more(1, ":2}")]);
    expect(parts).toMatchObject([{ arguments: '{"a":1}' }, { arguments: '{"b":2}' }]);
    expect(partsOf([call(0)])).toMatchObject([{ id: "c0", arguments: "{}" }]);
  });

  it("binds a signature to the text before it, or makes a thought of its own", () => {
    const signature = { vendor: "gemini", value: "s" } as const;
    const sign: ChatEvent = { type: "signature", choice: 0, signature };
    expect(partsOf([{ type: "text-delta", choice: 0, text: "a" }, sign])).toEqual([
      { type: "text", text: "a", signature },
    ]);
    expect(partsOf([sign])).toEqual([{ type: "reasoning", text: "", signature }]);
  });

  it("orders choices by index, and takes the last usage", () => {
    const collected = collectAnswer([
      { type: "start", id: "x", model: "m" },
      { type: "text-delta", choice: 1, text: "second" },
      { type: "text-delta", choice: 0, text: "first" },
      { type: "usage", usage: { inputTokens: 1, outputTokens: 1 } },
      finish,
      { ...finish, choice: 1, reason: "length", native: "MAX" },
      { type: "usage", usage: { inputTokens: 1, outputTokens: 2 } },
    ]);
    expect(collected).toEqual({
      kind: "answer",
      answer: {
        id: "x",
        model: "m",
        choices: [
          { parts: [{ type: "text", text: "first" }], finish: { reason: "stop" } },
          {
            parts: [{ type: "text", text: "second" }],
            finish: { reason: "length", native: "MAX" },
          },
        ],
        usage: { inputTokens: 1, outputTokens: 2 },
      },
    });
  });

  it("takes nothing unfinished for an answer, and an error for an error", () => {
    expect(collectAnswer([{ type: "start" }])).toEqual({ kind: "incomplete" });
    expect(collectAnswer([{ type: "text-delta", choice: 0, text: "a" }])).toEqual({
      kind: "incomplete",
    });
    const error = { kind: "overloaded", message: "busy", status: 529 } as const;
    expect(collectAnswer([finish, { type: "error", error }])).toEqual({ kind: "error", error });
  });
});

function partsOf(events: readonly ChatEvent[]) {
  const collected = collectAnswer([...events, finish]);
  return collected.kind === "answer" ? collected.answer.choices[0]?.parts : collected;
}
