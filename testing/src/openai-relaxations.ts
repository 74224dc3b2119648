import { isRecord } from "@headgate/core";
import { type Json, valueAt } from "./plain-schema.ts";

/** One place where OpenAI's own answers differ from the description it publishes of them. */
export interface Relaxation {
  /** The component. Chunks of legacy completions have none of their own: see `openai-schema.ts`. */
  readonly schema: string;
  /** Members from the component down; `[]` is the items of a list. */
  readonly path: string;
  /** What is to be valid beside what the description says. */
  readonly allow: "absent" | "null" | "string";
  readonly reason: string;
}

/**
 * All that has to be allowed before OpenAI's recorded answers fit its description. Everything else
 * an answer of ours has, or lacks, against the description is a fault of ours.
 */
export const openAiRelaxations: readonly Relaxation[] = [
  {
    schema: "CreateChatCompletionResponse",
    path: "choices[].logprobs",
    allow: "absent",
    reason: "Answers of models without log probabilities have no such member.",
  },
  {
    schema: "CreateChatCompletionResponse",
    path: "system_fingerprint",
    allow: "null",
    reason: "Null for models that are not fingerprinted.",
  },
  {
    schema: "CreateChatCompletionStreamResponse",
    path: "system_fingerprint",
    allow: "null",
    reason: "Null for models that are not fingerprinted.",
  },
  {
    schema: "ChatCompletionResponseMessage",
    path: "refusal",
    allow: "absent",
    reason: "Answers from before refusals existed.",
  },
  {
    schema: "CompletionChunk",
    path: "choices[].finish_reason",
    allow: "null",
    reason: "Null in all chunks but the last: the description knows only whole completions.",
  },
  {
    schema: "CompletionChunk",
    path: "usage",
    allow: "null",
    reason: "Null in all chunks but the last where the client asked for usage.",
  },
  {
    schema: "Embedding",
    path: "embedding",
    allow: "string",
    reason: "Base64 where the client asked for it, as the official clients do by default.",
  },
  {
    schema: "Response",
    path: "usage",
    allow: "null",
    reason: "Null until the answer is complete, and in one that failed.",
  },
  {
    schema: "ModelResponseProperties",
    path: "user",
    allow: "null",
    reason: "Null where the client named no user.",
  },
  {
    schema: "TextResponseFormatJsonSchema",
    path: "description",
    allow: "null",
    reason: "Null where the client described nothing.",
  },
  {
    schema: "ResponseUsage",
    path: "input_tokens_details.cache_write_tokens",
    allow: "absent",
    reason: "Only newer models count what they write to a cache.",
  },
  {
    schema: "ResponseFunctionCallArgumentsDoneEvent",
    path: "name",
    allow: "absent",
    reason: "The name stands in the item; real events do not repeat it.",
  },
  ...["code", "message", "param"].map(
    (path): Relaxation => ({
      schema: "ResponseErrorEvent",
      path,
      allow: "absent",
      reason: "Real events hold the four members of an error in a member `error`.",
    }),
  ),
  {
    schema: "ResponseError",
    path: "code",
    allow: "string",
    reason: "Answers fail with codes beyond the listed ones, such as insufficient_quota.",
  },
];

/** Changes `schemas` in place. @throws if the relaxation is about nothing there is. */
export function relax(schemas: Json, { schema, path, allow }: Relaxation): void {
  const names = path.replaceAll("[]", ".[]").split(".");
  const last = names.pop() ?? "";
  const owner = ownerOf(valueAt(schemas[schema], names.flatMap(schemaSteps)), last);
  const properties = isRecord(owner) ? owner["properties"] : undefined;
  if (!isRecord(owner) || !isRecord(properties) || !(last in properties)) {
    throw new Error(`the relaxation of ${schema} ${path} finds nothing there`);
  }
  if (allow === "absent") {
    const required = owner["required"];
    const left = Array.isArray(required) ? required.filter((name) => name !== last) : [];
    Object.assign(owner, { required: left });
  } else {
    Object.assign(properties, { [last]: { anyOf: [properties[last], { type: allow }] } });
  }
}

/** The schema itself, or that of its parts (`allOf`, `anyOf`) which has the member. */
function ownerOf(schema: unknown, member: string): unknown {
  if (!isRecord(schema)) return undefined;
  if (isRecord(schema["properties"]) && member in schema["properties"]) return schema;
  const parts = schema["allOf"] ?? schema["anyOf"];
  if (!Array.isArray(parts)) return undefined;
  return parts.map((part) => ownerOf(part, member)).find((owner) => owner !== undefined);
}

function schemaSteps(name: string): readonly string[] {
  return name === "[]" ? ["items"] : ["properties", name];
}
