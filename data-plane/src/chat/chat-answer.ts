import type { Usage } from "@headgate/core";
import type { Annotation, FinishReason } from "./chat-event.ts";
import type {
  Dialect,
  OpaquePart,
  ReasoningPart,
  RedactedReasoningPart,
  RefusalPart,
  Signature,
  ToolCallPart,
} from "./chat-request.ts";

/** A whole answer: the events of a stream, collected (`collect-answer.ts`). */
export interface ChatAnswer {
  readonly id?: string;
  readonly model?: string;
  readonly createdS?: number;
  readonly systemFingerprint?: string;
  readonly serviceTier?: string;
  /** By index, 0 first; at least one. */
  readonly choices: readonly AnswerChoice[];
  readonly usage?: Usage;
}

export interface AnswerChoice {
  readonly parts: readonly AnswerPart[];
  readonly finish: {
    readonly reason: FinishReason;
    readonly native?: string;
    readonly stopSequence?: string;
  };
}

export type AnswerPart =
  | AnswerText
  | RefusalPart
  | ReasoningPart
  | RedactedReasoningPart
  | ToolCallPart
  | OpaquePart;

export interface AnswerText {
  readonly type: "text";
  readonly text: string;
  readonly annotations?: readonly Annotation[];
  readonly citations?: { readonly dialect: Dialect; readonly list: readonly unknown[] };
  /** In OpenAI's shape (`choices[].logprobs.content`). */
  readonly logprobs?: readonly unknown[];
  readonly signature?: Signature;
}
