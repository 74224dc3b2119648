import type { AnswerFormat, ChatRequest } from "../../chat/chat-request.ts";
import { outputSchema } from "../anthropic/output-schema.ts";
import type { Block } from "./block.ts";
import type { ModelTraits } from "./model-traits.ts";

/** How the answer is made to be JSON. */
export type FormatPlan =
  | { readonly kind: "none" }
  /** The model keeps to the schema by itself. */
  | { readonly kind: "native"; readonly textFormat: Block }
  /** The model calls a tool whose input is the answer; reading unwraps it. */
  | { readonly kind: "tool"; readonly name: string; readonly format: SchemaFormat }
  /** The model is asked for it. */
  | { readonly kind: "asked"; readonly sentence: string };

type SchemaFormat = Extract<AnswerFormat, { type: "json_schema" }>;

/** The best way this model has. Who demands another call gets no answer to format. */
export function formatPlan(request: ChatRequest, traits: ModelTraits): FormatPlan {
  const { format, toolChoice } = request;
  if (!format || format.type === "text") return { kind: "none" };
  if (format.type === "json") return { kind: "asked", sentence: jsonSentence };
  const schema = traits.keepsSchemas ? outputSchema(format.schema) : undefined;
  if (schema) return { kind: "native", textFormat: textFormat(format, schema) };
  if (toolChoice?.type === "required" || toolChoice?.type === "function") return { kind: "none" };
  const name = answerTool(request);
  if (name === undefined || traits.toolChoice === "auto" || format.schema["type"] !== "object") {
    return { kind: "asked", sentence: schemaSentence + JSON.stringify(format.schema) };
  }
  return { kind: "tool", name, format };
}

/** The name of the tool that stands for the answer, the same for request and answer. */
export function answerTool({ format, tools }: ChatRequest): string | undefined {
  if (format?.type !== "json_schema") return undefined;
  const taken = new Set(tools.map((tool) => (tool.type === "function" ? tool.name : "")));
  let name = "write_json_answer";
  while (taken.has(name)) name += "_";
  return name;
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_OutputFormat.html */
function textFormat({ name, description }: SchemaFormat, schema: Block): Block {
  const jsonSchema = { schema: JSON.stringify(schema), name, ...(description && { description }) };
  return { type: "json_schema", structure: { jsonSchema } };
}

const jsonSentence = "Answer with one JSON object and nothing else.";
const schemaSentence = "Answer with JSON and nothing else. It must fit this JSON Schema: ";
