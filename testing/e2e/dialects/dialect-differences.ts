import { type Exchange, exchangeBytes } from "@headgate/testing";
import {
  type AnswerReading,
  type ChoiceReading,
  type Reading,
  vendorOf,
} from "@headgate/testing/vendor-readings";

export type OtherDialect = "anthropic" | "responses";

/**
 * What a client of another dialect than OpenAI's chat should get, where the vendor said `reading`.
 * What becomes something else is in docs/reference/translation-differences.md.
 */
export function inDialect(dialect: OtherDialect, exchange: Exchange, reading: Reading): Reading {
  if (reading.kind !== "answer") return reading;
  const [first] = reading.choices;
  if (first === undefined) return reading;
  const usage = usageIn(dialect, exchange, reading);
  // Neither dialect has more than one answer to a call.
  return { kind: "answer", choices: [choiceIn(dialect, exchange, first)], ...(usage && { usage }) };
}

function choiceIn(dialect: OtherDialect, exchange: Exchange, choice: ChoiceReading): ChoiceReading {
  const { refusal, finish, toolCalls } = choice;
  // Servers of OpenAI's dialect that say "stop" and have calls mean the calls. Gemini may have
  // answered them itself; but in Responses calls are there or not, and nothing else says it.
  const calls = dialect === "responses" || vendorOf(exchange)?.name === "openai";
  const isCalls = calls && toolCalls.length > 0 && finish === "stop";
  const told = { ...choice, finish: isCalls ? ("tool_calls" as const) : finish };
  if (dialect === "responses") return { ...told, reasoning: "" };
  // Anthropic's messages have no part for a refusal.
  return { ...told, text: choice.text + refusal, refusal: "" };
}

function usageIn(dialect: OtherDialect, exchange: Exchange, { usage }: AnswerReading) {
  if (usage === undefined) return undefined;
  const { cachedInput, reasoning } = usage;
  const hidden = hiddenOutput(exchange);
  const counted = {
    ...usage,
    output: usage.output + hidden,
    reasoning: Math.max(reasoning, hidden),
  };
  // Anthropic's count of fresh input can't be less than nothing, whatever a server says was cached.
  const input = dialect === "anthropic" ? Math.max(usage.input, cachedInput) : usage.input;
  return { ...counted, input };
}

/** Some servers of OpenAI's dialect leave reasoning out of the output, and in the total alone. */
function hiddenOutput(exchange: Exchange): number {
  const text = exchangeBytes(exchange).toString("latin1");
  const last = (name: string) =>
    Number([...text.matchAll(new RegExp(`"${name}": ?(\\d+)`, "g"))].at(-1)?.[1] ?? Number.NaN);
  const hidden = last("total_tokens") - last("prompt_tokens") - last("completion_tokens");
  return hidden > 0 ? hidden : 0;
}
