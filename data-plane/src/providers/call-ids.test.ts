import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anthropicCallId } from "./anthropic/call-id.ts";
import { bedrockCallId, callIdLengthMax } from "./bedrock/call-id.ts";
import { CallIds } from "./call-ids.ts";

describe("CallIds", () => {
  it("gives calls of one id ids of their own, and their results in order", () => {
    const ids = new CallIds(anthropicCallId);
    expect([ids.call("a"), ids.call("a"), ids.call("b:1")]).toEqual(["a", "a_2", "b_1"]);
    expect([ids.result("a"), ids.result("b:1"), ids.result("a")]).toEqual(["a", "b_1", "a_2"]);
    expect(ids.result("a")).toBe("a_2");
  });

  it("gives a result to a call of its own turn", () => {
    const ids = new CallIds(anthropicCallId);
    // Never answered.
    ids.call("a");
    ids.call("b");
    ids.result("b");
    expect(ids.call("a")).toBe("a_2");
    expect(ids.result("a")).toBe("a_2");
  });

  it("makes room for the number of an id as long as may be", () => {
    const ids = new CallIds(bedrockCallId, callIdLengthMax);
    const id = "x".repeat(64);
    expect([ids.call(id), ids.call(id)]).toEqual([id, `${"x".repeat(58)}_2`]);
  });

  it("keeps to the length that the vendor takes, whatever the ids, and gives none twice", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 100 }), { maxLength: 30 }), (given) => {
        const ids = new CallIds(bedrockCallId, callIdLengthMax);
        const made = [...given, ...given].map((id) => ids.call(id));
        expect(new Set(made).size).toBe(made.length);
        for (const id of made) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
      }),
    );
  });
});
