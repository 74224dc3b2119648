import { ManualClock } from "@headgate/core";
import { describe, expect, it } from "vitest";
import { withBeats } from "./with-beats.ts";

/** A source that is filled by hand, and counts what was taken from it. */
function handSource() {
  const waiting: ((result: IteratorResult<number>) => void)[] = [];
  const ready: number[] = [];
  let asked = 0;
  let failure: Error | undefined;
  const next = (): Promise<IteratorResult<number>> => {
    asked += 1;
    if (failure) return Promise.reject(failure);
    const value = ready.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    return new Promise((resolve) => waiting.push(resolve));
  };
  return {
    [Symbol.asyncIterator]: () => ({ next }),
    push: (value: number) => {
      const waiter = waiting.shift();
      if (waiter) waiter({ value, done: false });
      else ready.push(value);
    },
    end: () => waiting.shift()?.({ value: undefined, done: true }),
    fail: (error: Error) => {
      failure = error;
    },
    get asked() {
      return asked;
    },
  };
}

const { signal } = new AbortController();

describe("withBeats()", () => {
  it("gives items as they come, and a beat every so often in between", async () => {
    const clock = new ManualClock();
    const source = handSource();
    const seen: unknown[] = [];
    const done = (async () => {
      for await (const item of withBeats(source, { clock, everyMs: 30, signal })) seen.push(item);
    })();
    await clock.advance(29);
    expect(seen).toEqual([]);
    await clock.advance(1);
    source.push(1);
    await clock.advance(0);
    source.push(2);
    await clock.advance(30);
    await clock.advance(30);
    expect(seen).toEqual(["beat", 1, 2, "beat", "beat"]);
    source.end();
    await done;
    await clock.advance(100);
    expect(seen).toHaveLength(5);
  });

  it("takes one item ahead of a reader, no more, and keeps one beat for it", async () => {
    const clock = new ManualClock();
    const source = handSource();
    for (let n = 0; n < 10; n++) source.push(n);
    const items = withBeats(source, { clock, everyMs: 30, signal });
    expect(source.asked).toBe(0);
    expect((await items.next()).value).toBe(0);
    await clock.advance(300);
    expect(source.asked).toBe(1);
    expect((await items.next()).value).toBe("beat");
    expect((await items.next()).value).toBe(1);
    expect(source.asked).toBe(2);
    await items.return(undefined);
  });

  it("holds no timer once its signal has aborted, although nobody reads to the end", async () => {
    const clock = new ManualClock();
    const source = handSource();
    const abort = new AbortController();
    source.push(1);
    const items = withBeats(source, { clock, everyMs: 30, signal: abort.signal });
    await items.next();
    abort.abort();
    await clock.advance(60);
    const last = items.next();
    source.end();
    expect(await last).toEqual({ value: undefined, done: true });
  });

  it("fails as the source does, behind what came before", async () => {
    const source = handSource();
    source.push(1);
    const items = withBeats(source, { clock: new ManualClock(), everyMs: 30, signal });
    expect((await items.next()).value).toBe(1);
    source.fail(new Error("lost"));
    await expect(items.next()).rejects.toThrow("lost");
  });
});
