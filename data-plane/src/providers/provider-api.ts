import type { ChatEvent } from "../chat/chat-event.ts";
import type { ChatRequest, MediaPart } from "../chat/chat-request.ts";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "../chat/embeddings.ts";
import type { ApiError, ErrorAnswer } from "./api-error.ts";

/**
 * How one vendor's API is spoken: pure translations from the common form and back. Each vendor's
 * folder has the same files: api.ts (this, put together), request.ts, answer.ts, stream.ts,
 * usage.ts, finish-reason.ts, classify-error.ts, embeddings.ts.
 */
export interface ProviderApi {
  readonly chat: ChatApi;
  /** Absent: the vendor has none. */
  readonly embeddings?: EmbeddingsApi;
  /** Counting the tokens of a prompt before it is sent. Absent: the vendor can't. */
  readonly countTokens?: CountTokensApi;
  /** Understands any answer that is not a 2xx, also one that is not JSON. */
  classifyError(answer: ErrorAnswer): ApiError;
}

/** What of a deployment's configuration the vendor's requests depend on. */
export interface Target {
  /** The vendor's name of the model. */
  readonly model: string;
  /** Path of the base URL, without a slash at the end. */
  readonly basePath: string;
  /** Azure's `api-version`. */
  readonly apiVersion: string;
  /** Ollama's `keep_alive`. */
  readonly keepAlive: string;
  /** Vertex. */
  readonly project: string;
  readonly location: string;
}

/** A request as it goes to the vendor: JSON by POST. */
export interface VendorRequest {
  /** With the base path, and the query if there is one. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Name, value, name, value: beside those of the credential. */
  readonly headers?: readonly string[];
  /** Parameters that were left out because the vendor has nothing like them: names as in the OpenAI API. */
  readonly dropped: readonly string[];
}

export interface ChatApi {
  /** Whether the vendor does not fetch it itself, so that it is fetched before request(). */
  mustFetch(media: MediaPart, target: Target): boolean;
  /** @throws {Fault} unsupported_value for what can neither be said to this vendor nor left out. */
  request(request: ChatRequest, target: Target): VendorRequest;
  /** A whole answer of status 2xx, parsed; an error hidden in it is an `error` event. */
  answer(body: unknown, request: ChatRequest): readonly ChatEvent[];
  stream(request: ChatRequest): StreamReader;
  /** The content type of streams; anything else is a plain answer. */
  readonly streamType: RegExp;
}

/** Reads one streamed answer. Never throws: what it can't read is an `error` event. */
export interface StreamReader {
  /** Bytes as the network gives them, split anywhere. */
  push(chunk: Buffer): readonly ChatEvent[];
  /** The vendor closed the stream without a fault: what was still held. */
  end(): readonly ChatEvent[];
  /** The vendor has said that the answer is whole (or told of an error). */
  readonly complete: boolean;
}

export interface EmbeddingsApi {
  request(request: EmbeddingsRequest, target: Target): VendorRequest;
  /** @throws {SyntaxError} if it is not an answer. */
  answer(body: unknown, request: EmbeddingsRequest): EmbeddingsAnswer;
}

export interface CountTokensApi {
  request(request: ChatRequest, target: Target): VendorRequest;
  /** Undefined if it is not an answer. */
  answer(body: unknown): number | undefined;
}
