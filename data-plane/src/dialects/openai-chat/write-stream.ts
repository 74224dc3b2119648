import type { Usage } from "@headgate/core";
import type { ChatEvent, StartEvent } from "../../chat/chat-event.ts";
import type { ErrorFields, StreamWriter, WriteContext } from "../dialect.ts";
import { asksWithFunctions } from "./function-mode.ts";
import { isServiceTier } from "./service-tier.ts";
import { StreamedChoice } from "./streamed-choice.ts";
import { openAiErrorEvent } from "./write-error.ts";
import { writeUsage } from "./write-usage.ts";

/**
 * Writes a stream of chunks as OpenAI would. What is the same in all of them is written once; a
 * chunk costs no more than its own text.
 *
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
export class OpenAiChatWriter implements StreamWriter {
  readonly #context: WriteContext;
  readonly #functions: boolean;
  readonly #choices = new Map<number, StreamedChoice>();
  /** Of every chunk: what comes before its choices, and behind them. */
  #head: string;
  readonly #tail: string;
  #usage: Usage | undefined;

  constructor(context: WriteContext) {
    this.#context = context;
    this.#functions = asksWithFunctions(context.request);
    this.#head = headOf({ type: "start" }, context);
    this.#tail = context.includeUsage ? ',"usage":null}\n\n' : "}\n\n";
  }

  write(events: readonly ChatEvent[]): string {
    let text = "";
    for (const event of events) text += this.#write(event);
    return text;
  }

  end(): string {
    const usage = this.#usage;
    const { includeUsage } = this.#context;
    if (!includeUsage || !usage) return done;
    const written = JSON.stringify(writeUsage(usage));
    return `${this.#head}"choices":[],"usage":${written}}\n\n${done}`;
  }

  fail(error: ErrorFields): string {
    return openAiErrorEvent(error);
  }

  #write(event: ChatEvent): string {
    switch (event.type) {
      case "start":
        this.#head = headOf(event, this.#context);
        return "";
      case "usage":
        this.#usage = event.usage;
        return "";
      case "error":
        return "";
      default: {
        let text = "";
        const choice = this.#choiceOf(event.choice);
        for (const member of choice.write(event)) text += this.#head + member + this.#tail;
        return text;
      }
    }
  }

  #choiceOf(index: number): StreamedChoice {
    const known = this.#choices.get(index);
    if (known) return known;
    const choice = new StreamedChoice(index, this.#functions);
    this.#choices.set(index, choice);
    return choice;
  }
}

const done = "data: [DONE]\n\n";

function headOf(start: StartEvent, context: WriteContext): string {
  const head = JSON.stringify({
    id: start.id ?? `chatcmpl-${context.requestId}`,
    object: "chat.completion.chunk",
    created: start.createdS ?? context.createdS,
    model: start.model ?? context.model,
    ...(isServiceTier(start.serviceTier) && { service_tier: start.serviceTier }),
    ...(start.systemFingerprint !== undefined && { system_fingerprint: start.systemFingerprint }),
  });
  return `data: ${head.slice(0, -1)},`;
}
