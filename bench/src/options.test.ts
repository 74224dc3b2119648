import { describe, expect, it } from "vitest";
import { isComplete, parseOptions } from "./options.ts";

describe("parseOptions", () => {
  it("measures everything unless told otherwise", () => {
    expect(isComplete(parseOptions([]))).toBe(true);
  });

  it.each([["--quick"], ["--only", "cpu"], ["--peers", "bare,headgate"]])(
    "does not take %s %s for a complete run",
    (...args) => {
      expect(isComplete(parseOptions(args))).toBe(false);
    },
  );

  it("takes peers in the order of the table", () => {
    expect(parseOptions(["--peers", "headgate,direct"]).peers).toEqual(["direct", "headgate"]);
  });

  it.each([
    { args: ["--only", "speed"], message: '--only: "speed" is not one of cpu, stream' },
    { args: ["--peers", "bare,"], message: '--peers: "" is not one of direct, bare' },
    { args: ["--fast"], message: "--fast" },
  ])("refuses $args", ({ args, message }) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
