import type { Usage } from "@headgate/core";
import type { ErrorFields } from "../dialects/dialect.ts";
import type { ApiError } from "../providers/api-error.ts";

/**
 * How a provider's answer becomes the client's: passed on as it is, where both speak the same
 * dialect (and mended where the provider speaks it badly), or translated. The pipeline does not
 * know which.
 */
export interface Conversion {
  /** The answer is ours: what the provider says of its bytes does not hold for it. */
  readonly translates: boolean;
  /** A plain answer that is too large to hold may go on as it comes, unread. */
  readonly passesOn: boolean;
  /** A whole answer of status 2xx. */
  plain(body: Buffer): PlainResult;
  stream(): StreamConversion;
  /** The content type of the provider's streams; anything else is a plain answer. */
  readonly streamType: RegExp;
}

export type PlainResult =
  | { readonly kind: "answer"; readonly body: Buffer; readonly usage: Usage | undefined }
  /** An error told in a 200. */
  | { readonly kind: "error"; readonly error: ApiError }
  /** It is no answer, but for example "a body that is not JSON". */
  | { readonly kind: "invalid"; readonly what: string };

/** One streamed answer on its way. Never throws. */
export interface StreamConversion {
  /** What of the stream so far is to be sent now; possibly nothing. */
  push(chunk: Buffer): Buffer;
  /** The provider closed the stream without a fault. Returns what was still held. */
  end(): Buffer;
  /** Something of the answer itself came, and not just signs of life: from here on it is committed. */
  readonly begun: boolean;
  /** The stream may end here: it said so, gave a finish reason, or told of an error. */
  readonly complete: boolean;
  /** The stream's own last word was seen (`[DONE]`, message_stop): what breaks now breaks nothing. */
  readonly done: boolean;
  /** The provider's error within the stream. `first`: nothing was begun, the call may be tried elsewhere. */
  readonly error: { readonly error: ApiError; readonly first: boolean } | undefined;
  /** As last reported, if it was. */
  readonly usage: Usage | undefined;
  /** Bytes of text in the answer so far, where they are known. */
  readonly textBytes?: number;
  /** The event that tells the client that its answer broke off. */
  fail(error: ErrorFields): string;
}
