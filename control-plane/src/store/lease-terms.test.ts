import { ManualClock } from "@headgate/core";
import { describe, expect, it } from "vitest";
import { LeaseTerms } from "./lease-terms.ts";

const dayMs = 24 * 3_600_000;

describe("LeaseTerms", () => {
  it("ends each lease at its own deadline, once", async () => {
    const { clock, terms, ended } = make();
    terms.start(1, 1000);
    terms.start(2, 3000);
    await clock.advance(999);
    expect([terms.has(1), ended]).toEqual([true, []]);
    await clock.advance(1);
    expect([terms.has(1), ended]).toEqual([false, [1]]);
    await clock.advance(5000);
    expect(ended).toEqual([1, 2]);
  });

  it("measures a term longer than a timer can", async () => {
    const { clock, terms, ended } = make();
    terms.start(1, 60 * dayMs);
    await clock.advance(60 * dayMs - 1);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual([1]);
  });

  it("does not renew at the deadline, even before the timer fires", () => {
    const clock = new LateClock();
    const ended: number[] = [];
    const terms = new LeaseTerms({ clock, expire: (id) => ended.push(id), onError: () => {} });
    terms.start(1, 1000);
    clock.nowMs = 999;
    expect(terms.renew(1)).toBe(true);
    clock.nowMs = 1999;
    expect(terms.renew(1)).toBe(false);
    expect(ended).toEqual([]);
  });

  it("forgets on closing, and ends nothing then", async () => {
    const { clock, terms, ended } = make();
    terms.start(1, 1000);
    terms.close();
    await clock.advance(5000);
    expect([terms.has(1), ended]).toEqual([false, []]);
  });
});

function make() {
  const clock = new ManualClock();
  const ended: number[] = [];
  const terms = new LeaseTerms({ clock, expire: (id) => ended.push(id), onError: () => {} });
  return { clock, terms, ended };
}

/** A clock whose timers never fire, as in a process that is too busy. */
class LateClock extends ManualClock {
  nowMs = 0;

  override now(): number {
    return this.nowMs;
  }

  override sleep(): Promise<void> {
    return new Promise(() => {});
  }
}
