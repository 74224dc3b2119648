import { Fault } from "@headgate/core";
import type { EmbeddingsRequest } from "../../chat/embeddings.ts";
import {
  type Json,
  missing,
  notOneOf,
  optionalNumber,
  optionalString,
  without,
  wrongType,
} from "../members.ts";
import { given } from "../openai-chat/given.ts";
import type { EncodingFormat } from "./encode-vector.ts";

/**
 * Read a request of /v1/embeddings, and how its vectors are to be written.
 * https://platform.openai.com/docs/api-reference/embeddings/create
 */
export function readEmbeddingsRequest(body: Json): {
  readonly asked: EmbeddingsRequest;
  readonly encodingFormat: EncodingFormat;
} {
  const held = ["model", "input", "dimensions", "user", "encoding_format"];
  const rest = Object.entries(without(body, held)).filter(([, value]) => value !== null);
  return {
    asked: {
      input: readInput(body["input"]),
      ...given("dimensions", optionalNumber(body["dimensions"], "dimensions")),
      ...given("user", optionalString(body["user"], "user")),
      more: { dialect: "openai", members: Object.fromEntries(rest) },
    },
    encodingFormat: readEncoding(body["encoding_format"]),
  };
}

function readEncoding(value: unknown): EncodingFormat {
  const format = optionalString(value, "encoding_format") ?? "float";
  if (format === "float" || format === "base64") return format;
  throw notOneOf(format, ["float", "base64"], "encoding_format");
}

/** A text, a list of texts, a list of tokens, or a list of those. */
function readInput(input: unknown): EmbeddingsRequest["input"] {
  if (input === undefined || input === null) throw missing("input");
  if (typeof input === "string") return [checked(input, "input")];
  if (!Array.isArray(input)) throw wrongType("input", "a string or a list", input);
  if (input.length === 0) throw empty("input");
  if (typeof input[0] === "number") return [readTokens(input, "input")];
  return input.map((item, i) => {
    const param = `input[${i}]`;
    return typeof item === "string" ? checked(item, param) : readTokens(item, param);
  });
}

function checked(text: string, param: string): string {
  if (text === "") throw empty(param);
  return text;
}

function readTokens(value: unknown, param: string): readonly number[] {
  if (!Array.isArray(value)) throw wrongType(param, "a string or a list of tokens", value);
  if (value.length === 0) throw empty(param);
  return value.map((token, i) => {
    if (!Number.isInteger(token)) throw wrongType(`${param}[${i}]`, "the id of a token", token);
    return Number(token);
  });
}

function empty(param: string): Fault {
  return new Fault("invalid_value", `Invalid '${param}': there is nothing in it to embed.`, {
    param,
  });
}
