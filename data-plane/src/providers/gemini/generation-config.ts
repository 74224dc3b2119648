import type { AnswerFormat, ChatRequest } from "../../chat/chat-request.ts";
import type { DroppedName } from "../dropped.ts";
import type { ModelFamily } from "./model-family.ts";
import { convertSchema } from "./schema.ts";
import { inlineReferences } from "./schema-references.ts";
import { thinkingConfig } from "./thinking-config.ts";
import { takesJsonSchema } from "./tools.ts";

export interface GenerationConfig {
  readonly config: Readonly<Record<string, unknown>>;
  readonly dropped: readonly DroppedName[];
}

/**
 * https://ai.google.dev/api/generate-content#generationconfig
 * @param format the answer's, if it is to be asked for here.
 */
export function generationConfig(
  request: ChatRequest,
  format: AnswerFormat | undefined,
  family: ModelFamily,
): GenerationConfig {
  const dropped: DroppedName[] = [];
  const { stop = [], reasoning } = request;
  if (stop.length > stopMax) dropped.push("stop");
  const thinking = reasoning && thinkingConfig(reasoning, family);
  if (reasoning && !thinking && isWanted(reasoning)) dropped.push("reasoning_effort");
  const config = defined({
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    stopSequences: stop.length > 0 ? stop.slice(0, stopMax) : undefined,
    seed: request.seed === undefined ? undefined : int32(request.seed),
    candidateCount: request.choices === 1 ? undefined : request.choices,
    frequencyPenalty: request.frequencyPenalty,
    presencePenalty: request.presencePenalty,
    responseLogprobs: request.logprobs && true,
    logprobs: request.logprobs?.top || undefined,
    thinkingConfig: thinking,
    ...(format && formatConfig(format, family)),
  });
  return { config, dropped };
}

/** Stop sequences. */
const stopMax = 5;

/** A model that does not think need not be told not to. */
function isWanted({ effort, budgetTokens, shown }: NonNullable<ChatRequest["reasoning"]>): boolean {
  return (effort ?? "none") !== "none" || (budgetTokens ?? 0) > 0 || shown === true;
}

function formatConfig(format: AnswerFormat, family: ModelFamily): Record<string, unknown> {
  if (format.type === "text") return {};
  const json = { responseMimeType: "application/json" };
  if (format.type === "json") return json;
  const { schema, description } = format;
  const described = description === undefined ? schema : { description, ...schema };
  const converted = convertSchema(described);
  return converted.lossy && takesJsonSchema(family)
    ? { ...json, responseJsonSchema: inlineReferences(described) }
    : { ...json, responseSchema: converted.schema };
}

/** Google's seeds have 32 bits; the same seed stays the same. */
function int32(seed: number): number {
  return Math.trunc(seed) | 0;
}

function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
