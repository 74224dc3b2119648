import type { ChatAnswer } from "../chat/chat-answer.ts";
import type { ChatEvent } from "../chat/chat-event.ts";
import type { ChatRequest } from "../chat/chat-request.ts";

/**
 * A dialect that clients speak for chat: reads their requests into the common form, and writes
 * answers of any vendor as the dialect's own vendor would. Each folder has the same files:
 * dialect.ts (this, put together), read-request.ts, write-answer.ts, write-stream.ts, write-error.ts.
 */
export interface ChatDialect {
  /**
   * @param body the request's JSON; the members `model` and `stream` were checked.
   * @throws {Fault} invalid_type, invalid_value or missing_required_parameter, naming the param.
   */
  readRequest(body: Readonly<Record<string, unknown>>): ChatRequest;
  /** The body of a whole answer, to be written as JSON. */
  writeAnswer(answer: ChatAnswer, context: WriteContext): Readonly<Record<string, unknown>>;
  streamWriter(context: WriteContext): StreamWriter;
}

/** What an answer says of itself where the vendor said nothing, and what of the request it repeats. */
export interface WriteContext {
  readonly requestId: string;
  /** The provider's name of the model. */
  readonly model: string;
  /** Seconds since the epoch. */
  readonly createdS: number;
  /** The client asked for the usage of the stream. */
  readonly includeUsage: boolean;
  readonly request: ChatRequest;
}

/** Writes one streamed answer as text of an event stream. */
export interface StreamWriter {
  /** What these events show; "" if nothing yet. Is given no `error` event. */
  write(events: readonly ChatEvent[]): string;
  /** The answer is whole: everything that was open is closed, and the stream's own end is written. */
  end(): string;
  /** The answer broke off: an event the dialect's clients raise as an error, and no clean end. */
  fail(error: ErrorFields): string;
}

/** OpenAI's four members of an error. */
export interface ErrorFields {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  /** The status that goes with it. */
  readonly status: number;
}
