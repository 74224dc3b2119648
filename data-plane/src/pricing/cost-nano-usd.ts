import type { Usage } from "@headgate/core";
import type { PinnedPrice, PriceTime, Rate, Rates } from "./pinned-price.ts";

/**
 * What a call cost, in nano-dollars (1e-9 USD). Exact up to one rounding, half up, of the whole.
 *
 * Parts that exceed their whole are cut to it, in this order: read from a cache, written to one,
 * audio. A provider does not say how much of the cached input was audio; it is priced as cached.
 *
 * @param atMs - When the call was made: some prices depend on it.
 */
export function costNanoUsd(price: PinnedPrice, usage: Usage, atMs: number): bigint {
  const rates = ratesAt(price, atMs);
  const inputTokens = whole(usage.inputTokens);
  const total = [...inputParts(usage, rates), ...outputParts(usage, rates)].reduce(
    (sum, [tokens, rate]) => sum + BigInt(tokens) * rateFor(rate, inputTokens),
    0n,
  );
  return (total + tokensPerRate / 2n) / tokensPerRate;
}

/** Rates are for a million tokens. */
const tokensPerRate = 1_000_000n;

type Part = readonly [tokens: number, rate: Rate];

function inputParts(usage: Usage, rates: Rates): readonly Part[] {
  const all = whole(usage.inputTokens);
  const cached = Math.min(whole(usage.cachedInputTokens), all);
  const written = Math.min(whole(usage.cacheWriteTokens), all - cached);
  const audio = Math.min(whole(usage.inputAudioTokens), all - cached - written);
  const written1h = Math.min(whole(usage.cacheWrite1hTokens), written);
  return [
    [cached, rates.cachedInput],
    [written1h, rates.cacheWrite1h],
    [written - written1h, rates.cacheWrite],
    [audio, rates.inputAudio],
    [all - cached - written - audio, rates.input],
  ];
}

function outputParts(usage: Usage, rates: Rates): readonly Part[] {
  const all = whole(usage.outputTokens);
  const audio = Math.min(whole(usage.outputAudioTokens), all);
  return [
    [audio, rates.outputAudio],
    [all - audio, rates.output],
  ];
}

function rateFor({ base, tiers }: Rate, inputTokens: number): bigint {
  return tiers.findLast((tier) => inputTokens > tier.inputTokens)?.rate ?? base;
}

function ratesAt({ periods }: PinnedPrice, atMs: number): Rates {
  const period = periods.findLast(({ when }) => holds(when, atMs)) ?? periods[0];
  if (!period) throw new RangeError("a price has at least one period");
  return period.rates;
}

function holds(when: PriceTime, atMs: number): boolean {
  if (when.kind === "always") return true;
  if (when.kind === "from") return atMs >= when.ms;
  const second = (atMs / 1_000) % 86_400;
  const { startS, endS } = when;
  return startS <= endS ? second >= startS && second < endS : second >= startS || second < endS;
}

/** Counts come from providers: what is none costs nothing. */
function whole(tokens: number | undefined): number {
  return tokens !== undefined && Number.isSafeInteger(tokens) && tokens > 0 ? tokens : 0;
}
