import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ErrorFields, StreamWriter, WriteContext } from "../dialect.ts";
import { ChunkFrame } from "../openai-chat/chunk-frame.ts";
import { openAiErrorEvent } from "../openai-chat/write-error.ts";
import { legacyLogprobs } from "./legacy-logprobs.ts";
import { completionFinish } from "./write-answer.ts";

/** Writes a chat's stream as that of a legacy completion: its text, and how it ended. */
export class OpenAiCompletionsWriter implements StreamWriter {
  readonly #frame: ChunkFrame;
  /** Characters of each choice so far. */
  readonly #lengths = new Map<number, number>();

  constructor(context: WriteContext) {
    this.#frame = new ChunkFrame(context, {
      object: "text_completion",
      idPrefix: "cmpl-",
      hasServiceTier: false,
    });
  }

  write(events: readonly ChatEvent[]): string {
    let text = "";
    for (const event of events) text += this.#write(event);
    return text;
  }

  end(): string {
    return this.#frame.end();
  }

  fail(error: ErrorFields): string {
    return openAiErrorEvent(error);
  }

  #write(event: ChatEvent): string {
    switch (event.type) {
      case "start":
        this.#frame.start(event);
        return "";
      case "usage":
        this.#frame.usage(event.usage);
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
    return this.#frame.chunk(
      `"choices":[{"text":${written},"index":${choice},"logprobs":${logprobs},"finish_reason":${reason}}]`,
    );
  }
}
