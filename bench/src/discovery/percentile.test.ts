import { describe, expect, it } from "vitest";
import { percentile } from "./percentile.ts";

const hundred = Array.from({ length: 100 }, (_, n) => n + 1);

describe("percentile()", () => {
  it.each([
    { name: "the middle", samples: hundred, share: 0.5, value: 50 },
    { name: "nearly all", samples: hundred, share: 0.99, value: 99 },
    { name: "all", samples: hundred, share: 1, value: 100 },
    { name: "the least", samples: hundred, share: 0, value: 1 },
    { name: "one of few", samples: [3, 8], share: 0.99, value: 8 },
    { name: "one", samples: [7], share: 0.5, value: 7 },
    { name: "none", samples: [], share: 0.5, value: Number.NaN },
  ])("is of $name $value", ({ samples, share, value }) => {
    expect(percentile(samples, share)).toBe(value);
  });
});
