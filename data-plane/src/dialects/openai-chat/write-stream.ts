import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ErrorFields, StreamWriter, WriteContext } from "../dialect.ts";
import { ChunkFrame } from "./chunk-frame.ts";
import { asksWithFunctions } from "./function-mode.ts";
import { StreamedChoice } from "./streamed-choice.ts";
import { openAiErrorEvent } from "./write-error.ts";

/**
 * Writes a stream of chunks as OpenAI would.
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
export class OpenAiChatWriter implements StreamWriter {
  readonly #frame: ChunkFrame;
  readonly #functions: boolean;
  readonly #choices = new Map<number, StreamedChoice>();

  constructor(context: WriteContext) {
    this.#frame = new ChunkFrame(context, {
      object: "chat.completion.chunk",
      idPrefix: "chatcmpl-",
      hasServiceTier: true,
    });
    this.#functions = asksWithFunctions(context.request);
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
      case "error":
        return "";
      default: {
        let text = "";
        const choice = this.#choiceOf(event.choice);
        for (const member of choice.write(event)) text += this.#frame.chunk(member);
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
