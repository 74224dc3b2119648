import { seededRandom } from "@headgate/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StreamAdmission } from "./stream-admission.ts";

const rate = { perSecond: 100, burst: 200 };

describe("StreamAdmission", () => {
  it("admits a burst, then as many as the rate allows", () => {
    const admission = new StreamAdmission(rate, () => 0);
    expect(admitted(admission, 300, 0)).toBe(200);
    expect(admitted(admission, 300, 1_000)).toBe(100);
    expect(admitted(admission, 1_000, 60_000)).toBe(200);
  });

  it("gives those it refuses places behind each other", () => {
    const admission = new StreamAdmission(rate, () => 0);
    admitted(admission, 200, 0);
    expect([1, 2, 3].map(() => admission.decide(0))).toEqual([
      { admitted: false, retryAfterMs: 10 },
      { admitted: false, retryAfterMs: 20 },
      { admitted: false, retryAfterMs: 30 },
    ]);
  });

  it("never makes one wait longer than nodes heed", () => {
    const admission = new StreamAdmission(rate, seededRandom(1));
    admitted(admission, 200, 0);
    for (let n = 0; n < 10_000; n++) {
      const decision = admission.decide(0);
      if (decision.admitted) throw new Error("it was full");
      expect(decision.retryAfterMs).toBeLessThanOrEqual(30_000);
    }
  });

  it("never admits more than the burst and the rate, in any time", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 400 }), (pauses) => {
        const admission = new StreamAdmission({ perSecond: 100, burst: 20 }, () => 0.5);
        const times: number[] = [];
        let nowMs = 0;
        for (const pause of pauses) {
          nowMs += pause < 150 ? 0 : pause;
          if (admission.decide(nowMs).admitted) times.push(nowMs);
        }
        for (const [first, fromMs] of times.entries()) {
          for (const [last, toMs] of times.entries()) {
            if (last < first) continue;
            expect(last - first + 1).toBeLessThanOrEqual(20 + (100 * (toMs - fromMs)) / 1000 + 1);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("brings a crowd of 2,000 back in little more than the time the rate needs", () => {
    const random = seededRandom(7);
    const admission = new StreamAdmission(rate, random);
    const arrivals = Array.from({ length: 2_000 }, () => random() * 500);
    let lastMs = 0;
    let knocks = 0;
    while (arrivals.length > 0) {
      arrivals.sort((a, b) => b - a);
      const nowMs = arrivals.pop() ?? 0;
      knocks += 1;
      const decision = admission.decide(nowMs);
      if (decision.admitted) lastMs = nowMs;
      // As nodes do: with up to half a second of their own.
      else arrivals.push(nowMs + decision.retryAfterMs + random() * 500);
    }
    expect(lastMs).toBeLessThan(1.4 * ((2_000 - 200) / 100) * 1000);
    expect(knocks).toBeLessThan(3 * 2_000);
  });
});

function admitted(admission: StreamAdmission, tries: number, nowMs: number): number {
  let count = 0;
  for (let n = 0; n < tries; n++) if (admission.decide(nowMs).admitted) count += 1;
  return count;
}
