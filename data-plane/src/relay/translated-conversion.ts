import { parseExact, type Usage } from "@headgate/core";
import { collectAnswer } from "../chat/collect-answer.ts";
import type { ChatDialect, WriteContext } from "../dialects/dialect.ts";
import type { ChatApi } from "../providers/provider-api.ts";
import type { Conversion, PlainResult } from "./conversion.ts";
import { TranslatedStream } from "./translated-stream.ts";

export interface Translation {
  readonly api: ChatApi;
  readonly dialect: ChatDialect;
  /** Its request without the prompt, which is not to be kept for as long as the answer lasts. */
  readonly context: WriteContext;
}

/** A chat answer of one vendor, written as the client's dialect has it. */
export function translatedConversion({ api, dialect, context }: Translation): Conversion {
  return {
    translates: true,
    passesOn: false,
    streamType: api.streamType,
    plain: (body) => plainAnswer(body, { api, dialect, context }),
    stream: () => new TranslatedStream(api.stream(context.request), dialect.streamWriter(context)),
  };
}

function plainAnswer(body: Buffer, { api, dialect, context }: Translation): PlainResult {
  const value = parseExact(body.toString("utf8"));
  if (value === undefined) return { kind: "invalid", what: notJson(body) };
  const collected = collectAnswer(api.answer(value, context.request));
  switch (collected.kind) {
    case "error":
      return collected;
    case "incomplete":
      return { kind: "invalid", what: "JSON that is not a whole answer" };
    case "answer": {
      const { answer } = collected;
      const usage: Usage | undefined = answer.usage;
      const written = dialect.writeAnswer(answer, context);
      return { kind: "answer", body: Buffer.from(JSON.stringify(written)), usage };
    }
  }
}

export function notJson(body: Buffer): string {
  return body.length === 0 ? "an empty body" : "a body that is not JSON";
}
