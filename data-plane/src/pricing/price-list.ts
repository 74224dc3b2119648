import { upstreamSettings } from "@headgate/config/provider-defaults";
import { resources } from "@headgate/proto";
import type { ConditionalPrice, calcPrice, ModelPrice } from "@pydantic/genai-prices";
import {
  flatRate,
  longerCacheWrite,
  nanoUsd,
  ownPrice,
  type PinnedPrice,
  type PricePeriod,
  type PriceTime,
  type Rate,
  type Rates,
} from "./pinned-price.ts";

const { ProviderType } = resources;

type CalcPrice = typeof calcPrice;
type ListedProvider = Pick<resources.Provider, "name" | "type" | "baseUrl">;

let loading: Promise<void> | undefined;
let list: CalcPrice | undefined;

/**
 * Load the public list of prices (https://github.com/pydantic/genai-prices), as it was when this
 * release was made: it asks nobody at run time. It takes 20 MB of memory and 40 ms, so only
 * workers with deployments that need it load it; see needsPriceList().
 */
export function loadPriceList(): Promise<void> {
  loading ??= import("@pydantic/genai-prices").then((module) => {
    list = module.calcPrice;
  });
  return loading;
}

/** Whether a deployment without a price of its own may have one on the list. */
export function needsPriceList({ type, baseUrl }: ListedProvider): boolean {
  if (listIds.has(type)) return true;
  return type === ProviderType.OPENAI_COMPATIBLE && isPublic(baseUrl);
}

/** Named as services are: neither an address nor a host of one's own. */
function isPublic(baseUrl: string): boolean {
  const hostname = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : "";
  return /\.[a-z]{2,}$/i.test(hostname) && !/\.(?:local|internal|lan|test)$/i.test(hostname);
}

/**
 * The operator's price if there is one, else what the list says of the model at this provider;
 * undefined if it says nothing, or is not loaded.
 *
 * @param model - The provider's name of it.
 */
export function priceOf(
  provider: ListedProvider,
  model: string,
  own: resources.Price | undefined,
): PinnedPrice | undefined {
  if (own) return ownPrice(own);
  if (!list || !needsPriceList(provider)) return undefined;
  const where = listIds.get(provider.type);
  const options = where === undefined ? { providerApiUrl: urlOf(provider) } : { providerId: where };
  const found = list({}, plainName(model), options);
  return found
    ? {
        source: "list",
        listed: `${found.provider.id}/${found.model.id}`,
        periods: periodsOf(found.model.prices),
      }
    : undefined;
}

/** Servers of one's own have no public price, whatever their models are called. */
const listIds: ReadonlyMap<number, string> = new Map([
  [ProviderType.OPENAI, "openai"],
  [ProviderType.AZURE, "azure"],
  [ProviderType.ANTHROPIC, "anthropic"],
  [ProviderType.GEMINI, "google"],
  [ProviderType.VERTEX, "google"],
  [ProviderType.BEDROCK, "aws"],
  [ProviderType.GROQ, "groq"],
]);

function urlOf(provider: ListedProvider): string {
  return upstreamSettings(provider).baseUrl;
}

/** Without `publishers/../models/` or the ARN before it. */
function plainName(model: string): string {
  const isPath = /^(arn:|publishers\/|projects\/|models\/)/.test(model);
  return isPath ? (model.split("/").at(-1) ?? model) : model;
}

function periodsOf(prices: ModelPrice | readonly ConditionalPrice[]): readonly PricePeriod[] {
  if (!isConditional(prices)) return [{ when: { kind: "always" }, rates: ratesOf(prices) }];
  return prices.map(({ constraint, prices: own }) => ({
    when: timeOf(constraint),
    rates: ratesOf(own),
  }));
}

function isConditional(
  prices: ModelPrice | readonly ConditionalPrice[],
): prices is readonly ConditionalPrice[] {
  return Array.isArray(prices);
}

function timeOf(constraint: ConditionalPrice["constraint"]): PriceTime {
  if (!constraint) return { kind: "always" };
  if (constraint.type === "start_date") {
    return { kind: "from", ms: Date.parse(`${constraint.start_date}T00:00:00Z`) };
  }
  const { start_time, end_time } = constraint;
  return { kind: "daily", startS: secondOfDay(start_time), endS: secondOfDay(end_time) };
}

/** Of `16:30:00Z`. */
function secondOfDay(time: string): number {
  return Date.parse(`1970-01-01T${time}`) / 1_000;
}

function ratesOf(price: ModelPrice): Rates {
  const input = rateOf(price, "input_mtok") ?? flatRate(0);
  const output = rateOf(price, "output_mtok") ?? flatRate(0);
  const cacheWrite = rateOf(price, "cache_write_mtok");
  return {
    input,
    cachedInput: rateOf(price, "cache_read_mtok") ?? input,
    cacheWrite: cacheWrite ?? input,
    cacheWrite1h:
      rateOf(price, "cache_write_1h_mtok") ?? (cacheWrite ? longerCacheWrite(cacheWrite) : input),
    inputAudio: rateOf(price, "input_audio_mtok") ?? input,
    output,
    outputAudio: rateOf(price, "output_audio_mtok") ?? output,
  };
}

function rateOf(price: ModelPrice, key: string): Rate | undefined {
  const value = price[key];
  if (value === undefined) return undefined;
  if (typeof value === "number") return flatRate(value);
  const tiers = value.tiers
    .map((tier) => ({ inputTokens: tier.start, rate: nanoUsd(tier.price) }))
    .sort((a, b) => a.inputTokens - b.inputTokens);
  return { base: nanoUsd(value.base), tiers };
}
