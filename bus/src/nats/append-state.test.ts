import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AppendFailure, type AppendState, afterFailure } from "./append-state.ts";

const dedupWindowMs = 1000;

describe("state of an append", () => {
  it.each([
    { name: "what was not kept, in time", failure: "not-kept", nowMs: 400, again: true },
    { name: "what was not kept, too late", failure: "not-kept", nowMs: 5000, again: false },
    { name: "what may be kept, within the window", failure: "unanswered", nowMs: 599, again: true },
    { name: "what may be kept, not later", failure: "unanswered", nowMs: 600, again: false },
  ] as const)("tries again $name: $again", ({ failure, nowMs, again }) => {
    const attempt = { failure, startedMs: 100, nowMs, dedupWindowMs };
    expect(afterFailure({ deadlineMs: 5000 }, attempt).again).toBe(again);
  });

  it("counts from the first attempt that may be kept", () => {
    let state: AppendState = { deadlineMs: 5000 };
    const fail = (failure: AppendFailure, startedMs: number) => {
      const attempt = { failure, startedMs, nowMs: startedMs + 100, dedupWindowMs };
      const next = afterFailure(state, attempt);
      state = next.state;
      return next.again;
    };
    expect(fail("not-kept", 0)).toBe(true);
    expect(state.sentMs).toBeUndefined();
    expect(fail("unanswered", 2000)).toBe(true);
    expect(fail("not-kept", 2300)).toBe(true);
    expect(state.sentMs).toBe(2000);
    expect(fail("unanswered", 2400)).toBe(false);
    expect(state.sentMs).toBe(2000);
  });

  it("never sends again what the stream may have forgotten, nor after the deadline", () => {
    const step = fc.record({
      failure: fc.constantFrom<AppendFailure>("not-kept", "unanswered"),
      tookMs: fc.integer({ min: 0, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 3000 }), (steps, windowMs) => {
        let state: AppendState = { deadlineMs: 2000 };
        let nowMs = 0;
        let sentMs: number | undefined;
        for (const { failure, tookMs } of steps) {
          const startedMs = nowMs;
          nowMs += tookMs;
          if (failure === "unanswered") sentMs ??= startedMs;
          const attempt = { failure, startedMs, nowMs, dedupWindowMs: windowMs };
          const next = afterFailure(state, attempt);
          state = next.state;
          if (!next.again) return;
          expect(nowMs).toBeLessThan(2000);
          if (sentMs !== undefined) expect(nowMs - sentMs).toBeLessThan(windowMs / 2);
        }
      }),
    );
  });
});
