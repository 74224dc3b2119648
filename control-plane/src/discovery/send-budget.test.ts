import { describe, expect, it } from "vitest";
import { SendBudget } from "./send-budget.ts";

const mib = 1024 * 1024;

describe("SendBudget", () => {
  it("has so many bytes in flight and no more, and lets the next in as they are answered", () => {
    const { budget, send, woken } = setUp(3 * mib);
    expect(["a", "b", "c", "d", "e"].map((name) => send(name, mib))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    budget.release(who("a"));
    expect(woken).toEqual(["d"]);
    expect(send("e", mib)).toBe(false);
    expect(send("d", mib)).toBe(true);
    budget.forget(who("b"));
    expect(woken.at(-1)).toBe("e");
    expect(send("e", mib)).toBe(true);
  });

  it("always sends what is small", () => {
    const { send } = setUp(mib);
    expect(send("a", mib)).toBe(true);
    expect(send("b", 64 * 1024)).toBe(true);
  });

  it("sends one that is larger than all it has, by itself", () => {
    const { budget, send } = setUp(mib);
    expect(send("a", 5 * mib)).toBe(true);
    expect(send("b", 5 * mib)).toBe(false);
    budget.release(who("a"));
    expect(send("b", 5 * mib)).toBe(true);
  });

  it("goes on when the one whose turn it was is gone", () => {
    const { budget, send, woken } = setUp(mib);
    send("a", mib);
    send("b", mib);
    send("c", mib);
    budget.release(who("a"));
    budget.forget(who("b"));
    expect(woken).toEqual(["b", "c"]);
    expect(send("c", mib)).toBe(true);
  });

  it("counts what is released twice once", () => {
    const { budget, send } = setUp(2 * mib);
    send("a", mib);
    send("b", mib);
    budget.release(who("a"));
    budget.release(who("a"));
    expect(send("c", mib)).toBe(true);
    expect(send("d", mib)).toBe(false);
  });
});

const known = new Map<string, object>();

function who(name: string): object {
  const one = known.get(name) ?? { name };
  known.set(name, one);
  return one;
}

function setUp(bytesMax: number) {
  const budget = new SendBudget(bytesMax);
  const woken: string[] = [];
  const send = (name: string, bytes: number) => {
    const admitted = budget.admits(who(name), bytes, () => woken.push(name));
    if (admitted) budget.take(who(name), bytes);
    return admitted;
  };
  return { budget, send, woken };
}
