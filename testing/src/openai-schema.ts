import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isRecord } from "@headgate/core";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { openAiRelaxations, type Relaxation, relax } from "./openai-relaxations.ts";
import { type Json, plainSchema, valueAt } from "./plain-schema.ts";

export { openAiRelaxations, type Relaxation } from "./openai-relaxations.ts";

/** What a body or one event's data claims to be. */
export type OpenAiShape = keyof typeof components;

const components = {
  chat: "CreateChatCompletionResponse",
  "chat-chunk": "CreateChatCompletionStreamResponse",
  completion: "CreateCompletionResponse",
  "completion-chunk": "CompletionChunk",
  embeddings: "CreateEmbeddingResponse",
  response: "Response",
  "response-event": "ResponseStreamEvent",
  "chat-request": "CreateChatCompletionRequest",
  error: "ErrorResponse",
  models: "ListModelsResponse",
  model: "Model",
} as const;

/** OpenAI's published description of its answers, as a judge of ours. */
export interface OpenAiSchema {
  readonly file: string;
  /** What is wrong with `value` as an answer of this shape; empty if nothing is. */
  problems(shape: OpenAiShape, value: unknown): readonly string[];
  /** The same judge with these relaxations in place of `openAiRelaxations`. */
  with(relaxations: readonly Relaxation[]): OpenAiSchema;
}

/** Where the description is looked for, in this order. */
export function openAiSchemaFiles(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const named = env["HEADGATE_OPENAI_SCHEMA"];
  const beside = resolve(repositoryRoot, "..", "shared", "reference", "openai-openapi.yaml");
  return named ? [resolve(named)] : [beside];
}

/** The judge, or undefined on a machine without the description. Reading it takes a second. */
export function openOpenAiSchema(env: NodeJS.ProcessEnv = process.env): OpenAiSchema | undefined {
  const file = openAiSchemaFiles(env).find((candidate) => existsSync(candidate));
  if (file === undefined) return undefined;
  return openSchemaWith(file, readSchemas(file), openAiRelaxations);
}

function openSchemaWith(file: string, schemas: Json, relaxations: readonly Relaxation[]) {
  const judge = new Judge(relaxedSchemas(schemas, relaxations), eventComponents(schemas));
  const schema: OpenAiSchema = {
    file,
    problems: (shape, value) => judge.problems(shape, value),
    with: (others) => openSchemaWith(file, schemas, others),
  };
  return schema;
}

/** The judge for a suite; says so where there is none, since what was not judged looks like what passed. */
export function openAiSchemaOrNotice(suite: string): OpenAiSchema | undefined {
  const schema = openOpenAiSchema();
  if (schema) return schema;
  const places = openAiSchemaFiles().join(", ");
  console.warn(`"${suite}" checks no schema: none in ${places}; set HEADGATE_OPENAI_SCHEMA.`);
  return undefined;
}

const repositoryRoot = resolve(import.meta.dirname, "..", "..");

class Judge {
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  readonly #compiled = new Map<string, ValidateFunction>();
  readonly #events: ReadonlyMap<string, string>;

  constructor(schemas: Json, events: ReadonlyMap<string, string>) {
    this.#ajv.addSchema({ $id: "openai", components: { schemas } });
    this.#events = events;
  }

  problems(shape: OpenAiShape, value: unknown): readonly string[] {
    const name = shape === "response-event" ? this.#eventComponent(value) : components[shape];
    if (name === undefined) return [`no event has the type of ${JSON.stringify(value)}`];
    const validate = this.#validator(name);
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => describeError(name, error));
  }

  /** By its type, since the errors of a union of fifty events tell nothing. */
  #eventComponent(value: unknown): string | undefined {
    return isRecord(value) ? this.#events.get(String(value["type"])) : undefined;
  }

  #validator(name: string): ValidateFunction {
    const known = this.#compiled.get(name);
    if (known) return known;
    const validate = this.#ajv.compile({ $ref: `openai#/components/schemas/${name}` });
    this.#compiled.set(name, validate);
    return validate;
  }
}

function readSchemas(file: string): Json {
  const document: unknown = parse(readFileSync(file, "utf8"));
  const inComponents = isRecord(document) ? document["components"] : undefined;
  const schemas = isRecord(inComponents) ? inComponents["schemas"] : undefined;
  if (!isRecord(schemas)) throw new Error(`${file} is no OpenAPI document with components.schemas`);
  return schemas;
}

function relaxedSchemas(schemas: Json, relaxations: readonly Relaxation[]): Json {
  const plain = Object.entries(schemas).map(([name, schema]) => [
    name,
    plainSchema(schema, schemas),
  ]);
  const all: Json = Object.fromEntries(plain);
  const chunk = structuredClone(all["CreateCompletionResponse"]);
  const whole = { ...all, CompletionChunk: chunk };
  for (const relaxation of relaxations) relax(whole, relaxation);
  return whole;
}

/** Type of an event to its component. */
function eventComponents(schemas: Json): ReadonlyMap<string, string> {
  const union = schemas["ResponseStreamEvent"];
  const members = isRecord(union) ? (union["anyOf"] ?? union["oneOf"]) : undefined;
  const found = new Map<string, string>();
  for (const member of Array.isArray(members) ? members : []) {
    const name = isRecord(member) ? String(member["$ref"]).split("/").at(-1) : undefined;
    const type = name && valueAt(schemas[name], ["properties", "type"]);
    const values = isRecord(type) ? (type["enum"] ?? [type["const"]]) : [];
    if (name && Array.isArray(values)) for (const value of values) found.set(String(value), name);
  }
  return found;
}

function describeError(name: string, error: ErrorObject): string {
  const { instancePath, message, keyword, params } = error;
  const detail = keyword === "enum" ? `: ${JSON.stringify(params["allowedValues"])}` : "";
  return `${name}${instancePath} ${message}${detail}`;
}
