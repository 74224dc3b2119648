import type { Usage } from "@headgate/core";
import type { ApiError } from "../providers/api-error.ts";
import type { Dialect, NativeMembers, Signature } from "./chat-request.ts";

/**
 * What a vendor answered, piece by piece. A stream is these events as they come; a plain answer is
 * the same events at once. Per choice they are in the order of the answer: a delta of another type,
 * or `part-end`, ends the part before it.
 */
export type ChatEvent =
  /** Once, first. Does not yet mean that an answer will come. */
  | StartEvent
  | {
      readonly type: "text-delta";
      readonly choice: number;
      readonly text: string;
      /** Of the tokens of `text`, in OpenAI's shape (`choices[].logprobs.content`). */
      readonly logprobs?: readonly unknown[];
    }
  /** A source for the text so far: OpenAI's `annotations` entry, and the vendor's own citation. */
  | {
      readonly type: "citation";
      readonly choice: number;
      readonly annotation?: Annotation;
      readonly native?: { readonly dialect: Dialect; readonly value: unknown };
    }
  | { readonly type: "refusal-delta"; readonly choice: number; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly choice: number; readonly text: string }
  /** Belongs to the part before it (reasoning, or text); a reasoning part of its own if there is none. */
  | { readonly type: "signature"; readonly choice: number; readonly signature: Signature }
  | { readonly type: "redacted-reasoning"; readonly choice: number; readonly data: Signature }
  /** `index` counts the tool calls of the choice: 0, 1, .. Deltas may interleave between indexes. */
  | {
      readonly type: "tool-call-start";
      readonly choice: number;
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly signature?: Signature;
      /** What else the vendor said of the call (Anthropic's `caller`). */
      readonly more?: NativeMembers;
    }
  /** More of the arguments' JSON text. A call without arguments gets `{}` in the end. */
  | {
      readonly type: "tool-call-delta";
      readonly choice: number;
      readonly index: number;
      readonly arguments: string;
    }
  /** A part only clients of this dialect understand: a server tool's call or result, an image. */
  | {
      readonly type: "opaque";
      readonly choice: number;
      readonly dialect: Dialect;
      readonly value: unknown;
    }
  | { readonly type: "part-end"; readonly choice: number }
  /** Once per choice. */
  | {
      readonly type: "finish";
      readonly choice: number;
      readonly reason: FinishReason;
      /** The vendor's own word for it. */
      readonly native?: string;
      /** The stop sequence that was met. */
      readonly stopSequence?: string;
    }
  /** All of the answer's usage; a later one replaces an earlier one. */
  | { readonly type: "usage"; readonly usage: Usage }
  /** The vendor gave up. Nothing comes after. */
  | { readonly type: "error"; readonly error: ApiError };

export interface StartEvent {
  readonly type: "start";
  /** The vendor's id of the answer. */
  readonly id?: string;
  /** The vendor's name of the model that answers. */
  readonly model?: string;
  /** Seconds since the epoch. */
  readonly createdS?: number;
  readonly systemFingerprint?: string;
  readonly serviceTier?: string;
}

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** https://platform.openai.com/docs/api-reference/chat/object#chat/object-choices-message-annotations */
export interface Annotation {
  readonly type: "url_citation";
  readonly url_citation: {
    readonly url: string;
    readonly title: string;
    readonly start_index: number;
    readonly end_index: number;
  };
}
