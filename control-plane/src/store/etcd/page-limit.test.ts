import { describe, expect, it } from "vitest";
import { nextPageLimit, smallerPageLimit } from "./page-limit.ts";

describe("nextPageLimit()", () => {
  it.each([
    { name: "the largest values, one by one", bytes: 1024 * 1024, limit: 1 },
    { name: "8 KiB each, a message of 1 MiB", bytes: 8 * 1024, limit: 128 },
    { name: "empty values, for their keys", bytes: 0, limit: 8192 },
  ])("asks for $name", ({ bytes, limit }) => {
    const entries = Array.from({ length: 5 }, () => ({ value: new Uint8Array(bytes) }));
    expect(nextPageLimit(entries)).toBe(limit);
  });

  it("asks for something after nothing", () => {
    expect(nextPageLimit([])).toBeGreaterThan(0);
  });
});

describe("smallerPageLimit()", () => {
  it("comes down to one", () => {
    expect([10_000, 256, 8, 7, 1].map(smallerPageLimit)).toEqual([1250, 32, 1, 1, 1]);
  });
});
