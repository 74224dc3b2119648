import type { Usage } from "@headgate/core";
import type { ChatEvent, StartEvent } from "../../chat/chat-event.ts";
import type { ErrorFields, StreamWriter, WriteContext } from "../dialect.ts";
import { openAiErrorEvent } from "../openai-chat/write-error.ts";
import { writeUsage } from "../openai-chat/write-usage.ts";
import { legacyLogprobs } from "./legacy-logprobs.ts";
import { completionFinish } from "./write-answer.ts";

/** Writes a chat's stream as that of a legacy completion: its text, and how it ended. */
export class OpenAiCompletionsWriter implements StreamWriter {
  readonly #context: WriteContext;
  /** Characters of each choice so far. */
  readonly #lengths = new Map<number, number>();
  #head: string;
  readonly #tail: string;
  #usage: Usage | undefined;

  constructor(context: WriteContext) {
    this.#context = context;
    this.#head = headOf({ type: "start" }, context);
    this.#tail = context.includeUsage ? ',"usage":null}\n\n' : "}\n\n";
  }

  write(events: readonly ChatEvent[]): string {
    let text = "";
    for (const event of events) text += this.#write(event);
    return text;
  }

  end(): string {
    if (!this.#context.includeUsage || !this.#usage) return done;
    const written = JSON.stringify(writeUsage(this.#usage));
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
      case "text-delta":
        return this.#text(event.choice, event.text, event.logprobs ?? []);
      case "refusal-delta":
        return this.#text(event.choice, event.text, []);
      case "finish": {
        const reason = completionFinish(event.reason);
        return this.#chunk(event.choice, "", "null", JSON.stringify(reason));
      }
      default:
        return "";
    }
  }

  #text(choice: number, text: string, tokens: readonly unknown[]): string {
    const offset = this.#lengths.get(choice) ?? 0;
    this.#lengths.set(choice, offset + text.length);
    return this.#chunk(choice, text, JSON.stringify(legacyLogprobs(tokens, offset)), "null");
  }

  #chunk(choice: number, text: string, logprobs: string, reason: string): string {
    const written = JSON.stringify(text);
    return `${this.#head}"choices":[{"text":${written},"index":${choice},"logprobs":${logprobs},"finish_reason":${reason}}]${this.#tail}`;
  }
}

const done = "data: [DONE]\n\n";

function headOf(start: StartEvent, context: WriteContext): string {
  const head = JSON.stringify({
    id: start.id ?? `cmpl-${context.requestId}`,
    object: "text_completion",
    created: start.createdS ?? context.createdS,
    model: start.model ?? context.model,
    ...(start.systemFingerprint !== undefined && { system_fingerprint: start.systemFingerprint }),
  });
  return `data: ${head.slice(0, -1)},`;
}
