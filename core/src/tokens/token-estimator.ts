import { type LearnedWeight, LinearLearner } from "./linear-learner.ts";
import type { PromptMeasure } from "./prompt-measure.ts";

/**
 * Tokens of prompts and answers before, or without, the provider's count: from bytes at first, then
 * better with each call that was counted. Models are told apart by any name the caller chooses; one
 * that is not known yet is estimated from what is common to all.
 *
 * How well: docs/reference/tokens.md.
 */
export class TokenEstimator {
  readonly #modelsMax: number;
  /** The last used is the last in order. */
  readonly #models = new Map<string, LearnedModel>();

  /** @param modelsMax - Models remembered; the one unused for longest is forgotten for a new one. */
  constructor({ modelsMax = 1_000 }: { readonly modelsMax?: number } = {}) {
    this.#modelsMax = modelsMax;
  }

  /** Input tokens, at least 1. */
  estimate(model: string, measure: PromptMeasure): number {
    const input = this.#known(model)?.input ?? untaught.input;
    return tokensOf(input.predict(featuresOf(measure)));
  }

  /** @param countedInputTokens - By the provider, cached ones included. Nonsense is ignored. */
  learn(model: string, measure: PromptMeasure, countedInputTokens: number): void {
    if (!isCount(countedInputTokens)) return;
    const taught = this.#toTeach(model);
    const features = featuresOf(measure);
    const { input } = taught;
    const scale = Math.max(input.predict(features), 1);
    const surprising = Math.abs(scale - countedInputTokens) > 0.2 * countedInputTokens;
    if (!isLesson(taught) && !surprising) return;
    input.learn(features, countedInputTokens, noiseOf(scale, measure));
  }

  /** Output tokens of so many bytes of answer, in UTF-8. */
  estimateOutput(model: string, textBytes: number): number {
    if (!(textBytes > 0)) return 0;
    const output = this.#known(model)?.output ?? untaught.output;
    return tokensOf(output.predict([textBytes]));
  }

  /** @param countedOutputTokens - Without reasoning that the answer does not show. */
  learnOutput(model: string, textBytes: number, countedOutputTokens: number): void {
    if (!isCount(countedOutputTokens) || !(textBytes >= outputMinBytes)) return;
    const { output, calls } = this.#toTeach(model);
    // Counted by learn(): both are of one call.
    if (calls > lessonsInRow && calls % lessonEvery !== 0) return;
    output.learn([textBytes], countedOutputTokens, 5 + 0.2 * countedOutputTokens);
  }

  #known(model: string): LearnedModel | undefined {
    const known = this.#models.get(model);
    if (!known) return undefined;
    this.#models.delete(model);
    this.#models.set(model, known);
    return known;
  }

  #toTeach(model: string): LearnedModel {
    const known = this.#known(model);
    if (known) return known;
    for (const oldest of this.#models.keys()) {
      if (this.#models.size < this.#modelsMax) break;
      this.#models.delete(oldest);
    }
    const learned = newModel();
    this.#models.set(model, learned);
    return learned;
  }
}

interface LearnedModel {
  readonly input: LinearLearner;
  readonly output: LinearLearner;
  calls: number;
}

/** A model seen often is known well: some calls, and those that surprise, are enough to follow it. */
function isLesson(model: LearnedModel): boolean {
  model.calls += 1;
  return model.calls <= lessonsInRow || model.calls % lessonEvery === 0;
}

const lessonsInRow = 100;
const lessonEvery = 8;

/** No model's prompt is larger; what is counted beyond it is nonsense. */
const tokensMax = 100_000_000;

/** Shorter answers say little of the ratio. */
const outputMinBytes = 16;

/** A piece of ASCII text is about a token, three bytes of other scripts about one and a bit. */
const tokensPerWideByte = 0.4;

/**
 * What vendors put around the text: a frame per message, and where there are tools a description of
 * how to call them, from a dozen tokens (OpenAI) to five hundred (Anthropic, Nova).
 */
const inputWeights: readonly LearnedWeight[] = [
  { prior: 1, deviation: 0.25, min: 0.3, max: 4 }, // text
  { prior: 4, deviation: 2, min: 0, max: 100 }, // messages
  { prior: 60, deviation: 200, min: 0, max: 5_000 }, // any tools
  { prior: 12, deviation: 20, min: 0, max: 1_000 }, // tools
  { prior: 500, deviation: 500, min: 10, max: 20_000 }, // media
  { prior: 3, deviation: 30, min: 0, max: 10_000 }, // always
];

const outputWeights: readonly LearnedWeight[] = [
  { prior: 0.25, deviation: 0.1, min: 0.05, max: 1.5 }, // tokens per byte
];

function newModel(): LearnedModel {
  return {
    input: new LinearLearner(inputWeights),
    output: new LinearLearner(outputWeights),
    calls: 0,
  };
}

/** Never taught. */
const untaught = newModel();

function featuresOf(measure: PromptMeasure): readonly number[] {
  const { pieces, wideBytes, messages, tools, media } = measure;
  return [pieces + tokensPerWideByte * wideBytes, messages, tools > 0 ? 1 : 0, tools, media, 1];
}

/** Texts of one kind scatter by some percent, images by their sizes. */
function noiseOf(tokens: number, { media }: PromptMeasure): number {
  return 3 + 0.08 * tokens + 300 * media;
}

function isCount(tokens: number): boolean {
  return Number.isInteger(tokens) && tokens >= 1 && tokens <= tokensMax;
}

function tokensOf(estimate: number): number {
  return Math.min(Math.max(Math.round(estimate), 1), tokensMax);
}
