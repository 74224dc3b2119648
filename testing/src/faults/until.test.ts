import { describe, expect, it } from "vitest";
import { until } from "./until.ts";

describe("until()", () => {
  it.each([{ empty: undefined }, { empty: null }, { empty: false }])(
    "waits while there is $empty, and gives what comes then",
    async ({ empty }) => {
      const answers = [empty, empty, 0];
      expect(await until("a number", () => answers.shift(), { everyMs: 1 })).toBe(0);
    },
  );

  it("says what never came", async () => {
    const never = until("the tide", () => undefined, { withinMs: 5, everyMs: 1 });
    await expect(never).rejects.toThrow("waited 5 ms for the tide");
  });

  it("passes on what the probe throws", async () => {
    const broken = until("nothing", () => Promise.reject(new Error("broken")));
    await expect(broken).rejects.toThrow("broken");
  });
});
