import { isRecord, measurePrompt, parseJson, TokenEstimator } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { expect, it } from "vitest";
import { openAiChatDialect } from "../dialects/openai-chat/dialect.ts";
import { exactTokens } from "./exact-tokens.ts";

/** The figures of docs/reference/tokens.md are what this prints. */
describeExchanges("tokens of recorded prompts", (exchanges) => {
  const recorded = exchanges.list().flatMap(promptsOf);

  it("are estimated better the more of a model was seen", () => {
    const calls = replay(recorded);
    const taught = calls.filter(({ seen }) => seen >= 1);
    const practised = calls.filter(({ seen }) => seen >= 4);
    report("bytes / 4", calls, ({ bytes }) => bytes);
    report("cold", calls, ({ cold }) => cold);
    report("cold, models seen before", taught, ({ cold }) => cold);
    report("learnt, models seen before", taught, ({ learnt }) => learnt);
    report("cold, models seen 4 times and more", practised, ({ cold }) => cold);
    report("learnt, models seen 4 times and more", practised, ({ learnt }) => learnt);
    const long = practised.filter(({ tokens }) => tokens >= 100);
    report("learnt, the same, prompts of 100 tokens and more", long, ({ learnt }) => learnt);
    expect(calls.length).toBeGreaterThan(100);
    expect(quantile(calls, ({ cold }) => cold, 0.5)).toBeLessThan(0.6);
    expect(quantile(taught, ({ learnt }) => learnt, 0.5)).toBeLessThan(0.35);
    expect(quantile(practised, ({ learnt }) => learnt, 0.5)).toBeLessThan(0.25);
  });

  it("are counted closely by the model's own tokenizer", async () => {
    const calls: Errors[] = [];
    for (const { exchange, tokens } of recorded) {
      const { provider, kind, request } = exchange;
      const body = request?.body;
      if (!["openai", "azure"].includes(provider) || kind !== "chat" || !isRecord(body)) continue;
      const model = String(body["model"]);
      const exact = await exactTokens(model, openAiChatDialect.readRequest(body));
      if (exact !== undefined) calls.push({ exact: errorOf(exact, tokens) });
    }
    report("exact", calls, ({ exact }) => exact);
    expect(calls.length).toBeGreaterThan(10);
    expect(quantile(calls, ({ exact }) => exact, 0.5)).toBeLessThan(0.06);
  });
});

interface RecordedPrompt {
  readonly exchange: Exchange;
  /** As the provider counted them. */
  readonly tokens: number;
}

type Errors = Readonly<Record<string, number>>;

/** In the order of the recordings: each call is estimated, and then learnt from. */
function replay(recorded: readonly RecordedPrompt[]) {
  const cold = new TokenEstimator();
  const learning = new TokenEstimator();
  const seen = new Map<string, number>();
  return recorded.map(({ exchange, tokens }) => {
    const model = modelOf(exchange);
    const measure = measurePrompt(Buffer.from(JSON.stringify(exchange.request?.body)));
    const before = seen.get(model) ?? 0;
    const call = {
      seen: before,
      tokens,
      bytes: errorOf(Math.ceil(measure.textBytes / 4), tokens),
      cold: errorOf(cold.estimate(model, measure), tokens),
      learnt: errorOf(learning.estimate(model, measure), tokens),
    };
    seen.set(model, before + 1);
    learning.learn(model, measure, tokens);
    return call;
  });
}

function modelOf({ provider, request }: Exchange): string {
  const body = request?.body;
  const model = isRecord(body) && typeof body["model"] === "string" ? body["model"] : undefined;
  return `${provider}/${model ?? request?.path}`;
}

function errorOf(estimate: number, tokens: number): number {
  return Math.abs(estimate - tokens) / tokens;
}

function quantile<T>(
  calls: readonly T[],
  errorIn: (call: T) => number | undefined,
  part: number,
): number {
  const sorted = calls.map((call) => errorIn(call) ?? 0).sort((a, b) => a - b);
  return sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
}

function report<T>(
  name: string,
  calls: readonly T[],
  errorIn: (call: T) => number | undefined,
): void {
  const [p50, p95] = [0.5, 0.95].map((part) => (100 * quantile(calls, errorIn, part)).toFixed(0));
  console.info(`${name}: ${calls.length} prompts, error p50 ${p50} %, p95 ${p95} %`);
}

/** One if the recording has its request, and the provider counted its input. */
function promptsOf(exchange: Exchange): readonly RecordedPrompt[] {
  if (!isRecord(exchange.request?.body)) return [];
  const counts = documentsOf(exchange).flatMap(inputCounts);
  const tokens = Math.max(0, ...counts);
  return tokens > 0 ? [{ exchange, tokens }] : [];
}

/** The JSON of a plain answer, of the events of a stream, or of its lines. */
function documentsOf(exchange: Exchange): readonly unknown[] {
  const text = exchangeBytes(exchange).toString();
  const whole = parseJson(text);
  if (whole !== undefined) return [whole];
  return text.split("\n").map((line) => parseJson(line.replace(/^data: ?/, "")));
}

/** Whatever any vendor calls them, wherever they stand; cached ones included. */
function inputCounts(value: unknown): readonly number[] {
  if (Array.isArray(value)) return value.flatMap(inputCounts);
  if (!isRecord(value)) return [];
  const own = inputNames.flatMap((name) => numbersIn(value, [name]));
  const cached = numbersIn(value, cacheNames).reduce((sum, one) => sum + one, 0);
  return [...own.map((count) => count + cached), ...Object.values(value).flatMap(inputCounts)];
}

const inputNames = [
  "prompt_tokens",
  "input_tokens",
  "inputTokens",
  "promptTokenCount",
  "prompt_eval_count",
];

/** Counted apart from the input, by Anthropic and Bedrock. */
const cacheNames = [
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "cacheReadInputTokens",
  "cacheWriteInputTokens",
];

function numbersIn(value: Readonly<Record<string, unknown>>, names: readonly string[]): number[] {
  return names.map((name) => value[name]).filter((one) => typeof one === "number");
}
