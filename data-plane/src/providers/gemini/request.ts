import { recordOf } from "@headgate/core";
import type { AnswerFormat, ChatRequest, OpaquePart } from "../../chat/chat-request.ts";
import {
  type CommonParameter,
  type DroppedName,
  foreignToolMembers,
  withoutPlace,
} from "../dropped.ts";
import { understoodMessages } from "../foreign-content.ts";
import { type Contents, geminiContents } from "./contents.ts";
import { generationConfig } from "./generation-config.ts";
import { googleOptions } from "./google-options.ts";
import { type ModelFamily, modelFamily } from "./model-family.ts";
import { geminiTools } from "./tools.ts";

export interface GeminiRequest {
  /** https://ai.google.dev/api/generate-content#request-body; of Vertex the same. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Names as in the OpenAI API. */
  readonly dropped: readonly string[];
}

/** @throws {Fault} unsupported_value */
export function geminiRequest(request: ChatRequest, model: string): GeminiRequest {
  const family = modelFamily(model);
  const options = googleOptions(request);
  const { tools, toolConfig, dropped } = geminiTools(request, options.tools, family);
  const inWords = mustSayFormat(request, family, tools !== undefined);
  const generation = generationConfig(request, inWords ? undefined : request.format, family);
  const lost = new Set<DroppedName>(withoutPlace(request, unsupported));
  const contents = geminiContents(understoodMessages(request.messages, reader, lost), family);
  const { contents: turns, system } = inWords
    ? withFormat(contents, request.format, family)
    : contents;
  const config = mergeConfig(generation.config, options.generation);
  return {
    body: {
      contents: turns,
      ...(system.length > 0 && { systemInstruction: { parts: system } }),
      ...(tools && { tools }),
      ...(toolConfig !== undefined && { toolConfig }),
      ...(Object.keys(config).length > 0 && { generationConfig: config }),
      ...options.request,
    },
    dropped: [
      ...new Set([
        ...lost,
        ...dropped,
        ...foreignToolMembers(request, "gemini"),
        ...generation.dropped,
        ...options.dropped,
      ]),
    ],
  };
}

const reader = { vendor: "Google", takes: ({ dialect }: OpaquePart) => dialect === "gemini" };

const unsupported: readonly CommonParameter[] = [
  "logit_bias",
  "parallel_tool_calls",
  "messages.name",
];

/** What is said to Google in its own words counts more. */
function mergeConfig(
  own: Readonly<Record<string, unknown>>,
  said: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const thinking: Record<string, unknown> = {
    ...recordOf(own["thinkingConfig"]),
    ...recordOf(said["thinkingConfig"]),
  };
  // Either a level or a budget; both are refused.
  const asked = recordOf(said["thinkingConfig"]);
  if (asked["thinkingBudget"] !== undefined) delete thinking["thinkingLevel"];
  else if (asked["thinkingLevel"] !== undefined) delete thinking["thinkingBudget"];
  return { ...own, ...said, ...(Object.keys(thinking).length > 0 && { thinkingConfig: thinking }) };
}

/**
 * Before Gemini 3, tools and JSON answers exclude each other ("Function calling with a response mime
 * type: 'application/json' is unsupported"), and Gemma has none: the model is told in words then.
 */
function mustSayFormat(
  { format }: ChatRequest,
  { generation, gemma }: ModelFamily,
  hasTools: boolean,
): boolean {
  if (!format || format.type === "text") return false;
  if (gemma) return true;
  return hasTools && generation > 0 && generation < 3;
}

function withFormat(
  { contents, system }: Contents,
  format: AnswerFormat | undefined,
  { gemma }: ModelFamily,
): Contents {
  const part = { text: formatInWords(format) };
  if (!gemma) return { contents, system: [...system, part] };
  const [first, ...rest] = contents;
  if (first?.role !== "user")
    return { contents: [{ role: "user", parts: [part] }, ...contents], system };
  return { contents: [{ ...first, parts: [part, ...first.parts] }, ...rest], system };
}

function formatInWords(format: AnswerFormat | undefined): string {
  const json =
    "Write the final answer as one JSON object, without any text or code fence around it";
  if (format?.type !== "json_schema") return `${json}.`;
  return `${json}, valid against this JSON Schema: ${JSON.stringify(format.schema)}`;
}
