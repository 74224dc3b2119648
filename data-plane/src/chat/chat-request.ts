/**
 * What a client asks of a chat model, whichever dialect it asked in and whichever vendor will answer:
 * dialects read into this form, providers write from it, and neither knows the other (M + N
 * translations, not M x N).
 *
 * Nothing is lost on the way from a dialect to the vendor whose dialect it is. What has no meaning
 * beyond one vendor travels as it was written, tagged with that vendor, and the others leave it out
 * and say so.
 */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  /** False: at most one call per answer. */
  readonly parallelToolCalls?: boolean;
  readonly format?: AnswerFormat;
  readonly reasoning?: Reasoning;
  /** Answer, reasoning included. */
  readonly maxOutputTokens?: number;
  /** As OpenAI has it: 0 to 2. */
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  /** Answers wanted; absent: 1. OpenAI's `n`. */
  readonly choices?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  /** Log probabilities of the tokens of the answer, with this many alternatives. */
  readonly logprobs?: { readonly top: number };
  readonly logitBias?: Readonly<Record<string, number>>;
  /** Whom the application serves; for the vendor's abuse checks. */
  readonly user?: string;
  readonly stream: boolean;
  /** Members of the request that have no place above, as the client wrote them. */
  readonly more: { readonly dialect: Dialect; readonly members: Readonly<Record<string, unknown>> };
}

/** Whose words something is in, where it has no common form. */
export type Dialect = "openai" | "anthropic" | "responses" | "gemini" | "bedrock" | "ollama";

/** Members of something that have no place in the common form, as its dialect wrote them. */
export interface NativeMembers {
  readonly dialect: Dialect;
  readonly members: Readonly<Record<string, unknown>>;
}

/** In the order of the conversation; consecutive ones of a role are as the client wrote them. */
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export interface SystemMessage {
  readonly role: "system" | "developer";
  readonly content: readonly TextPart[];
  readonly name?: string;
  readonly more?: NativeMembers;
}

export interface UserMessage {
  readonly role: "user";
  readonly content: readonly UserPart[];
  readonly name?: string;
}

export interface AssistantMessage {
  readonly role: "assistant";
  readonly content: readonly AssistantPart[];
  readonly name?: string;
}

/** The result of one tool call. */
export interface ToolMessage {
  readonly role: "tool";
  readonly callId: string;
  readonly content: readonly UserPart[];
  /** The tool failed, and the content says how. */
  readonly isError?: boolean;
  readonly cache?: CacheMark;
  readonly more?: NativeMembers;
}

export type UserPart = TextPart | ImagePart | AudioPart | FilePart | OpaquePart;

export type AssistantPart =
  | TextPart
  | RefusalPart
  | ReasoningPart
  | RedactedReasoningPart
  | ToolCallPart
  | OpaquePart;

export interface TextPart {
  readonly type: "text";
  readonly text: string;
  readonly cache?: CacheMark;
  /** Sources the answer named for this text, in the dialect's own words. */
  readonly citations?: { readonly dialect: Dialect; readonly list: readonly unknown[] };
  /** Vendor state bound to this text, to be given back unread (Gemini's thoughtSignature). */
  readonly signature?: Signature;
  readonly more?: NativeMembers;
}

export interface ImagePart {
  readonly type: "image";
  readonly source: MediaSource;
  readonly detail?: "auto" | "low" | "high";
  readonly cache?: CacheMark;
  readonly more?: NativeMembers;
}

export interface AudioPart {
  readonly type: "audio";
  /** For example `audio/wav`. */
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

export interface FilePart {
  readonly type: "file";
  readonly source: MediaSource;
  readonly filename?: string;
  /** Told to the model beside the content. */
  readonly context?: string;
  /** The answer may cite it. */
  readonly citations?: boolean;
  readonly cache?: CacheMark;
  readonly more?: NativeMembers;
}

/** What may be given by URL. */
export type MediaPart = ImagePart | FilePart;

export type MediaSource =
  | { readonly kind: "url"; readonly url: string; readonly mediaType?: string }
  /** Base64. */
  | { readonly kind: "data"; readonly mediaType: string; readonly data: string }
  | { readonly kind: "text"; readonly mediaType: string; readonly text: string }
  /** A file stored at the vendor in whose dialect the client speaks. */
  | { readonly kind: "id"; readonly id: string };

export interface RefusalPart {
  readonly type: "refusal";
  readonly text: string;
}

/** What the model thought, with the vendor's proof of it. Only that vendor takes it back. */
export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
  readonly signature?: Signature;
}

/** Thoughts the vendor does not show, but wants back. */
export interface RedactedReasoningPart {
  readonly type: "redacted-reasoning";
  readonly data: Signature;
}

/**
 * Opaque state of a vendor. Claude's is the same on Anthropic, Vertex and Bedrock ("anthropic");
 * Gemini's the same on its API and Vertex ("gemini").
 */
export interface Signature {
  readonly vendor: "anthropic" | "gemini" | "openai" | "other";
  readonly value: string;
}

export interface ToolCallPart {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it; of an object, or empty where it wrote nothing. */
  readonly arguments: string;
  readonly signature?: Signature;
  readonly cache?: CacheMark;
  readonly more?: NativeMembers;
}

/** Something only its own vendor understands. */
export interface OpaquePart {
  readonly type: "opaque";
  readonly dialect: Dialect;
  readonly value: unknown;
}

/** The prompt up to here is to be cached, for this long (the vendor's default: 5 minutes). */
export interface CacheMark {
  readonly ttl?: "5m" | "1h";
}

export type Tool =
  | FunctionTool
  /** A tool that the vendor itself runs, as the client wrote it. */
  | OpaquePart;

export interface FunctionTool {
  readonly type: "function";
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of an object. Absent: no parameters. */
  readonly parameters?: JsonSchema;
  /** Arguments must fit the schema. */
  readonly strict?: boolean;
  readonly cache?: CacheMark;
  /** Members of the tool with no place above, in its dialect. */
  readonly more?: {
    readonly dialect: Dialect;
    readonly members: Readonly<Record<string, unknown>>;
  };
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export type ToolChoice =
  | { readonly type: "auto" | "none" | "required" }
  | { readonly type: "function"; readonly name: string }
  /** Any or one (`required`) of these. */
  | {
      readonly type: "allowed";
      readonly mode: "auto" | "required";
      readonly names: readonly string[];
    };

export type AnswerFormat =
  | { readonly type: "text" }
  /** Any JSON object. */
  | { readonly type: "json" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      readonly description?: string;
      readonly schema: JsonSchema;
      readonly strict?: boolean;
    };

/** How much the model is to think before it answers. All absent: as the model does by itself. */
export interface Reasoning {
  readonly effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";
  /** Thinking tokens; less than the whole answer's. */
  readonly budgetTokens?: number;
  /** The model decides how much (Anthropic's `adaptive`). */
  readonly adaptive?: boolean;
  /** Thoughts, or their summary, are to be part of the answer; absent: as the vendor does. */
  readonly shown?: boolean;
}
