import { describe, expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

describe("retryAfterMs()", () => {
  const date = "Sat, 21 Nov 2026 12:00:00 GMT";
  it.each([
    ["seconds", { "retry-after": "7" }, 7_000],
    ["fractions of a second", { "retry-after": "0.5" }, 500],
    ["milliseconds, which are preferred", { "retry-after-ms": "1500", "retry-after": "9" }, 1_500],
    ["no time at all", { "retry-after": "0" }, 0],
    ["Azure's milliseconds", { "x-ms-retry-after-ms": "250" }, 250],
    ["a date", { "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT", date }, 30_000],
    ["a date in the past", { "retry-after": "Sat, 21 Nov 2026 11:00:30 GMT", date }, undefined],
    ["a date from a provider without a clock", { "retry-after": date }, undefined],
    ["a negative number", { "retry-after": "-1" }, undefined],
    ["words", { "retry-after": "soon" }, undefined],
    ["nothing", {}, undefined],
  ])("reads %s", (_name, headers, ms) => {
    expect(retryAfterMs(headers)).toBe(ms);
  });
});
