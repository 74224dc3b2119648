import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import type { PromptMeasure } from "./prompt-measure.ts";
import { TokenEstimator } from "./token-estimator.ts";

describe("TokenEstimator", () => {
  it.each<{ name: string; of: PromptMeasure; tokens: number }>([
    { name: "nothing at all is a few tokens", of: prompt({}), tokens: 3 },
    { name: "words", of: prompt({ pieces: 100, messages: 1 }), tokens: 107 },
    { name: "other scripts", of: prompt({ wideBytes: 300, messages: 2 }), tokens: 131 },
    { name: "tools", of: prompt({ tools: 2 }), tokens: 87 },
    { name: "images", of: prompt({ media: 2 }), tokens: 1_003 },
  ])("estimates at first: $name", ({ of, tokens }) => {
    expect(new TokenEstimator().estimate("m", of)).toBe(tokens);
  });

  it("comes within 5 percent of a model that counts otherwise, each model by itself", () => {
    const estimator = new TokenEstimator();
    const before = estimator.estimate("other", prompt({ pieces: 1_000, messages: 3 }));
    const random = seededRandom(1);
    for (let call = 0; call < 60; call++) {
      const measure = somePrompt(random);
      estimator.learn("m", measure, truth(measure));
    }
    for (let call = 0; call < 60; call++) {
      const measure = somePrompt(random);
      const estimate = estimator.estimate("m", measure);
      expect(Math.abs(estimate / truth(measure) - 1)).toBeLessThan(0.05);
    }
    expect(estimator.estimate("other", prompt({ pieces: 1_000, messages: 3 }))).toBe(before);
  });

  it("follows a model whose counting changes", () => {
    const estimator = new TokenEstimator();
    const measure = prompt({ pieces: 1_000, messages: 1 });
    for (let call = 0; call < 500; call++) estimator.learn("m", measure, 1_000);
    for (let call = 0; call < 300; call++) estimator.learn("m", measure, 1_600);
    expect(estimator.estimate("m", measure)).toBeGreaterThan(1_500);
  });

  it("is not led astray by one count that is nonsense", () => {
    const estimator = new TokenEstimator();
    const measure = prompt({ pieces: 1_000, messages: 1 });
    for (let call = 0; call < 20; call++) estimator.learn("m", measure, 1_100);
    for (const garbage of [50_000_000, Number.NaN, -5, 0, 1.5, Number.POSITIVE_INFINITY]) {
      estimator.learn("m", measure, garbage);
    }
    expect(Math.abs(estimator.estimate("m", measure) / 1_100 - 1)).toBeLessThan(0.15);
  });

  it("stays a positive number within bounds, whatever it was taught", () => {
    const amount = fc.integer({ min: 0, max: 50_000_000 });
    const measures = fc.record({
      textBytes: amount,
      wideBytes: amount,
      pieces: amount,
      messages: fc.nat(10_000),
      tools: fc.nat(1_000),
      media: fc.nat(1_000),
    });
    const counts = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(1, 100_000_000));
    fc.assert(
      fc.property(fc.array(fc.tuple(measures, counts), { maxLength: 30 }), measures, (seen, of) => {
        const estimator = new TokenEstimator();
        for (const [measure, count] of seen) {
          estimator.learn("m", measure, count);
          estimator.learnOutput("m", measure.textBytes, count);
        }
        const tokens = [
          estimator.estimate("m", of),
          estimator.estimateOutput("m", of.textBytes + 1),
        ];
        for (const one of tokens) {
          expect(Number.isInteger(one)).toBe(true);
          expect(one).toBeGreaterThanOrEqual(1);
          expect(one).toBeLessThanOrEqual(100_000_000);
        }
        expect(tokens[1]).toBeLessThanOrEqual(1 + 1.5 * (of.textBytes + 1));
      }),
    );
  });

  it("estimates output from bytes, and learns their ratio", () => {
    const estimator = new TokenEstimator();
    expect(estimator.estimateOutput("m", 0)).toBe(0);
    expect(estimator.estimateOutput("m", 400)).toBe(100);
    for (let call = 0; call < 30; call++) estimator.learnOutput("m", 600, 300);
    expect(estimator.estimateOutput("m", 400)).toBeGreaterThan(190);
    expect(estimator.estimateOutput("other", 400)).toBe(100);
  });

  it("remembers so many models, and forgets the one unused for longest", () => {
    const estimator = new TokenEstimator({ modelsMax: 2 });
    const measure = prompt({ pieces: 1_000 });
    const teach = (model: string): void => {
      for (let call = 0; call < 30; call++) estimator.learn(model, measure, 3_000);
    };
    const knows = (model: string): boolean => estimator.estimate(model, measure) > 2_000;
    teach("a");
    teach("b");
    expect(knows("a")).toBe(true);
    teach("c");
    expect([knows("a"), knows("b"), knows("c")]).toEqual([true, false, true]);
  });
});

/** A model that says more of each word, frames messages its own way and has a prompt of its own. */
function truth({ pieces, messages, tools }: PromptMeasure): number {
  return Math.round(1.3 * pieces + 6 * messages + (tools > 0 ? 350 : 0) + 20);
}

function somePrompt(random: () => number): PromptMeasure {
  return prompt({
    pieces: Math.round(50 + 3_000 * random()),
    messages: Math.round(1 + 10 * random()),
    tools: random() < 0.5 ? 0 : 3,
  });
}

function prompt(measure: Partial<PromptMeasure>): PromptMeasure {
  const none = { textBytes: 0, wideBytes: 0, pieces: 0, messages: 0, tools: 0, media: 0 };
  return { ...none, ...measure };
}
