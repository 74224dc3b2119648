import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedQueue } from "./bounded-queue.ts";

describe("BoundedQueue", () => {
  it("is an array that loses its first item when it has too many", () => {
    const steps = fc.array(fc.option(fc.nat()), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (max, items) => {
        const queue = new BoundedQueue<number>(max);
        const model: number[] = [];
        let dropped = 0;
        for (const item of items) {
          if (item === null) expect(queue.shift()).toBe(model.shift());
          else {
            queue.push(item);
            if (model.push(item) > max) {
              model.shift();
              dropped += 1;
            }
          }
          expect([queue.size, queue.dropped]).toEqual([model.length, dropped]);
        }
      }),
    );
  });
});
