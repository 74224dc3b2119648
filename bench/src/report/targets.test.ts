import { describe, expect, it } from "vitest";
import type { FigureId } from "./figures.ts";
import { judge } from "./targets.ts";

describe("judge", () => {
  it.each([
    { name: "exactly twice the bare", headgate: 200, bare: 100, expected: "pass" },
    { name: "a little more", headgate: 201, bare: 100, expected: "FAIL" },
    { name: "no bare peer", headgate: 200, bare: undefined, expected: "not measured" },
    { name: "no headgate", headgate: undefined, bare: 100, expected: "not measured" },
  ])("says $expected of $name", ({ headgate, bare, expected }) => {
    const figures = figuresOf("cpu_request_small", { headgate, bare });
    expect(named(figures, "CPU per plain request / bare")).toMatchObject({ verdict: expected });
  });

  it.each([
    { portkey: 1_600, expected: { value: 0.125, verdict: "pass" } },
    { portkey: 1_500, expected: { value: 200 / 1_500, verdict: "FAIL" } },
  ])("holds an eighth of $portkey against 200", ({ portkey, expected }) => {
    const figures = figuresOf("cpu_request_small", { headgate: 200, portkey });
    expect(named(figures, "CPU per plain request / Portkey")).toMatchObject(expected);
  });

  it("counts latency that a proxy seems to save as passed", () => {
    const figures = figuresOf("added_p99", { headgate: -0.1 });
    expect(named(figures, "Added latency, p99")).toMatchObject({ value: -0.1, verdict: "pass" });
  });

  it("measures nothing in an empty run", () => {
    expect(new Set(judge({}).map(({ verdict }) => verdict))).toEqual(new Set(["not measured"]));
  });
});

function named(figures: Parameters<typeof judge>[0], target: string) {
  return judge(figures).find((verdict) => verdict.target === target);
}

function figuresOf(figure: FigureId, medians: Record<string, number | undefined>) {
  const summaries = Object.entries(medians)
    .filter(([, median]) => median !== undefined)
    .map(([peer, median]) => [peer, { median, min: median, max: median, rounds: 1 }]);
  return { [figure]: Object.fromEntries(summaries) };
}
