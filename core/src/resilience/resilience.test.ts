import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cooldowns } from "./cooldowns.ts";
import { fullJitterMs } from "./full-jitter.ts";
import { RetryBudget } from "./retry-budget.ts";

describe("fullJitterMs()", () => {
  it.each([
    { attempt: 0, pauseMs: 50 },
    { attempt: 3, pauseMs: 400 },
    { attempt: 20, pauseMs: 15_000 },
    { attempt: 5_000, pauseMs: 15_000 },
  ])(
    "pauses half the ceiling at attempt $attempt when chance is a half",
    ({ attempt, pauseMs }) => {
      expect(fullJitterMs({ attempt, baseMs: 100, maxMs: 30_000, random: () => 0.5 })).toBe(
        pauseMs,
      );
    },
  );
});

describe("RetryBudget", () => {
  it("lets at most the reserve, the share of calls and the trickle through", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 400 }),
        (percent, gapsMs) => {
          const budget = new RetryBudget(0);
          let nowMs = 0;
          let granted = 0;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            budget.deposit(percent);
            if (budget.withdraw(nowMs)) granted += 1;
          }
          const allowed = 100 + (gapsMs.length * percent) / 100 + (nowMs / 1000) * 10;
          expect(granted).toBeLessThanOrEqual(allowed + 1e-6);
        },
      ),
    );
  });

  it("comes back after being used up", () => {
    const budget = new RetryBudget(0);
    budget.deposit(10);
    for (let i = 0; i < 100; i++) expect(budget.withdraw(0)).toBe(true);
    expect(budget.withdraw(0)).toBe(false);
    expect(budget.withdraw(100)).toBe(true);
    expect(budget.withdraw(100)).toBe(false);
    for (let i = 0; i < 10; i++) budget.deposit(10);
    expect(budget.withdraw(100)).toBe(true);
  });

  it("never retries at 0 percent", () => {
    const budget = new RetryBudget(0);
    budget.deposit(0);
    expect(budget.withdraw(10_000)).toBe(false);
  });
});

describe("Cooldowns", () => {
  it("rests a limited deployment for as long as it asked, and never less for a later word", () => {
    const cooldowns = new Cooldowns();
    cooldowns.limited("a", 0, 5_000);
    cooldowns.limited("a", 100, 200);
    expect(cooldowns.untilMs("a", 4_999)).toBe(5_000);
    expect(cooldowns.untilMs("a", 5_000)).toBe(0);
    expect(cooldowns.untilMs("b", 0)).toBe(0);
  });

  it("doubles the rest of one that goes on failing, up to 30 s, and forgets on success", () => {
    const cooldowns = new Cooldowns();
    const rests = [1, 2, 3, 4, 5, 6, 7].map((_, i) => {
      const nowMs = i * 100_000;
      cooldowns.failed("a", nowMs);
      return cooldowns.untilMs("a", nowMs) - nowMs;
    });
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    cooldowns.succeeded("a");
    expect(cooldowns.none).toBe(true);
  });

  it("does not count a 429 as a failure", () => {
    const cooldowns = new Cooldowns();
    for (let i = 0; i < 5; i++) cooldowns.limited("a", 0, undefined);
    cooldowns.failed("a", 10_000);
    expect(cooldowns.untilMs("a", 10_000)).toBe(11_000);
  });

  it("looks again after an hour, whatever was asked", () => {
    const cooldowns = new Cooldowns();
    cooldowns.limited("a", 0, 114 * 3_600_000);
    expect(cooldowns.untilMs("a", 0)).toBe(3_600_000);
    cooldowns.retain(new Set());
    expect(cooldowns.none).toBe(true);
  });
});
