import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationMs, formatDuration, parseDuration } from "./duration.ts";

describe("parseDuration()", () => {
  it.each([
    ["30s", 30_000],
    ["500ms", 500],
    ["1.5s", 1_500],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["0s", 0],
    ["0.000001s", 0.001],
  ])("takes %s as %d ms", (text, ms) => {
    const duration = parseDuration(text);
    expect(duration && durationMs(duration)).toBe(ms);
  });

  it.each([
    "",
    "30",
    "s",
    "30 s",
    "-1s",
    "1d",
    "1.s",
    ".5s",
    "1e3s",
    "999999999999999h",
    "0.0000001ms",
  ])('refuses "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("reads back what formatDuration() writes", () => {
    const parts = fc.record({
      seconds: fc.bigInt({ min: 0n, max: 315_576_000_000n - 1n }),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    });
    fc.assert(
      fc.property(parts, ({ seconds, nanos }) => {
        const text = formatDuration({ $typeName: "google.protobuf.Duration", seconds, nanos });
        expect(parseDuration(text)).toMatchObject({ seconds, nanos });
      }),
    );
  });
});
