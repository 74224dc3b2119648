import type { resources } from "@headgate/proto";

/** What a deployment's tokens cost, as it was when it was pinned. Never changes. */
export interface PinnedPrice {
  /** Who says so: the operator, or the public list. */
  readonly source: "deployment" | "list";
  /** The list's name of the model; empty for an operator's price. */
  readonly listed: string;
  /** The last one that holds at the time of the call counts; at least one. */
  readonly periods: readonly PricePeriod[];
}

export interface PricePeriod {
  readonly when: PriceTime;
  readonly rates: Rates;
}

export type PriceTime =
  | { readonly kind: "always" }
  | { readonly kind: "from"; readonly ms: number }
  /** Every day, UTC: seconds since midnight, end exclusive; may pass midnight. */
  | { readonly kind: "daily"; readonly startS: number; readonly endS: number };

/** One for every part of Usage; where a price is not told apart it is that of the whole. */
export interface Rates {
  readonly input: Rate;
  readonly cachedInput: Rate;
  readonly cacheWrite: Rate;
  readonly cacheWrite1h: Rate;
  readonly inputAudio: Rate;
  /** Reasoning too. */
  readonly output: Rate;
  readonly outputAudio: Rate;
}

/** Nano-dollars per million tokens: whole numbers, so that sums are exact. */
export interface Rate {
  readonly base: bigint;
  /** From more than `inputTokens` of input on, all tokens of the call cost this. Ascending. */
  readonly tiers: readonly { readonly inputTokens: number; readonly rate: bigint }[];
}

/** What the operator gave with the deployment. */
export function ownPrice(price: resources.Price): PinnedPrice {
  const input = flatRate(price.inputPerMtok);
  const cacheWrite = optionalRate(price.cacheWritePerMtok);
  const output = flatRate(price.outputPerMtok);
  const rates: Rates = {
    input,
    cachedInput: optionalRate(price.cachedInputPerMtok) ?? input,
    cacheWrite: cacheWrite ?? input,
    cacheWrite1h: cacheWrite ? longerCacheWrite(cacheWrite) : input,
    inputAudio: input,
    output,
    outputAudio: output,
  };
  return { source: "deployment", listed: "", periods: [{ when: { kind: "always" }, rates }] };
}

/**
 * Writing to a cache for an hour costs 2 times the input, for five minutes 1.25 times:
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing
 */
export function longerCacheWrite({ base, tiers }: Rate): Rate {
  const longer = (rate: bigint): bigint => (rate * 8n) / 5n;
  return { base: longer(base), tiers: tiers.map((tier) => ({ ...tier, rate: longer(tier.rate) })) };
}

export function flatRate(usdPerMtok: number): Rate {
  return { base: nanoUsd(usdPerMtok), tiers: [] };
}

/** Dollars to nano-dollars. A price has a few decimals, and nine are kept. */
export function nanoUsd(usd: number): bigint {
  return BigInt(Math.round(usd * 1e9));
}

function optionalRate(usdPerMtok: number | undefined): Rate | undefined {
  return usdPerMtok === undefined ? undefined : flatRate(usdPerMtok);
}
