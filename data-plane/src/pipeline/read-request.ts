import {
  Fault,
  hasLongInteger,
  isRecord,
  type Member,
  type MemberType,
  parseExact,
  parseJson,
  scanMembers,
} from "@headgate/core";
import type { ChatRequest } from "../chat/chat-request.ts";
import type { ChatDialect } from "../dialects/dialect.ts";
import type { Endpoint } from "../http/routes.ts";
import type { OpenAiRequest } from "../providers/openai/request-body.ts";

/**
 * What a client's body asks for: scanned at once for what every call needs, parsed only when a
 * deployment speaks another dialect than the client.
 */
export class CallRequest implements OpenAiRequest {
  readonly bytes: Uint8Array;
  readonly bodyStart: number;
  readonly members: ReadonlyMap<string, Member>;
  /** The model called for: that of the path, which wins, or the body's. */
  readonly modelName: string;
  readonly stream: boolean;
  #json: Readonly<Record<string, unknown>> | undefined;
  #chat: ChatRequest | undefined;

  constructor(
    scanned: { readonly bytes: Uint8Array; readonly bodyStart: number } & Pick<
      CallRequest,
      "members" | "modelName" | "stream"
    >,
  ) {
    this.bytes = scanned.bytes;
    this.bodyStart = scanned.bodyStart;
    this.members = scanned.members;
    this.modelName = scanned.modelName;
    this.stream = scanned.stream;
  }

  get model(): Member | undefined {
    return this.members.get("model");
  }

  get streamOptions(): Member | undefined {
    return this.members.get("stream_options");
  }

  /**
   * The whole body.
   * @throws {Fault} invalid_json, where the scan could not tell.
   */
  json(): Readonly<Record<string, unknown>> {
    const json = this.#json ?? parseBody(Buffer.from(this.bytes).toString("utf8"));
    if (!isRecord(json)) {
      throw new Fault(
        "invalid_json",
        "The body is not valid JSON: a string has a bad escape in it.",
      );
    }
    this.#json = json;
    return json;
  }

  /** @throws {Fault} for what the dialect does not allow. */
  chat(dialect: ChatDialect): ChatRequest {
    // The dialect is that of the endpoint: there is one per call.
    this.#chat ??= dialect.readRequest(this.json());
    return this.#chat;
  }

  /** The string that a member is, if it is one. */
  text(name: string): string | undefined {
    const member = this.members.get(name);
    return member?.type === "string" ? readString(this.bytes, member, name) : undefined;
  }
}

/** Of earlier calls, whose arguments Anthropic's dialect has as JSON, long integers stay as they are. */
function parseBody(text: string): unknown {
  const json = parseJson(text);
  if (!isRecord(json) || !("messages" in json) || !hasLongInteger(text)) return json;
  const exact = parseExact(text);
  return isRecord(exact) ? { ...json, messages: exact["messages"] } : json;
}

/**
 * Read what we must know of the body, and check what would otherwise fail in a way that is hard
 * to understand. Everything else is the provider's to judge.
 *
 * @throws {Fault} invalid_json, missing_required_parameter or invalid_type.
 */
export function readRequest(
  bytes: Uint8Array,
  endpoint: Endpoint,
  pathModel: string | undefined,
): CallRequest {
  const scanned = scanMembers(bytes);
  if (!scanned.ok) {
    const message = `The body is not valid JSON: ${scanned.message} at byte ${scanned.offset}.`;
    throw new Fault("invalid_json", message);
  }
  const { members, bodyStart } = scanned;
  checkTypes(members, endpoint);
  checkStreamOptions(bytes, members.get("stream_options"));
  if (scanned.empty && pathModel !== undefined) {
    throw new Fault("missing_required_parameter", "The body is empty: it asks for nothing.");
  }
  const stream = members.get("stream");
  return new CallRequest({
    bytes,
    bodyStart,
    members,
    modelName: pathModel ?? bodyModel(bytes, members.get("model")),
    // What does not stream is not asked for its usage: that would add a parameter unknown there.
    stream: streams.has(endpoint) && stream !== undefined && bytes[stream.start] === 0x74, // "true"
  });
}

const streams: ReadonlySet<Endpoint> = new Set<Endpoint>([
  "chat_completions",
  "completions",
  "responses",
  "messages",
]);

function bodyModel(bytes: Uint8Array, model: Member | undefined): string {
  if (model) return readString(bytes, model, "model");
  const message = "The model is missing: give the name of one that GET /v1/models lists.";
  throw new Fault("missing_required_parameter", message, { param: "model" });
}

const text: readonly MemberType[] = ["string"];
const list: readonly MemberType[] = ["array"];
const number: readonly MemberType[] = ["number", "null"];

/** The types a member may have, where the wrong one is a common mistake. */
const common: Readonly<Record<string, readonly MemberType[]>> = {
  model: text,
  stream: ["boolean", "null"],
  stream_options: ["object", "null"],
  max_tokens: number,
  max_completion_tokens: number,
  temperature: number,
  top_p: number,
  n: number,
  user: ["string", "null"],
};

const anthropic: Readonly<Record<string, readonly MemberType[]>> = {
  model: text,
  stream: ["boolean", "null"],
  max_tokens: number,
  temperature: number,
  top_p: number,
  top_k: number,
  messages: list,
  system: ["string", "array", "null"],
  tools: ["array", "null"],
};

const byEndpoint: Readonly<Record<Endpoint, Readonly<Record<string, readonly MemberType[]>>>> = {
  chat_completions: { ...common, messages: list, tools: ["array", "null"] },
  completions: { ...common, prompt: ["string", "array", "null"] },
  embeddings: { ...common, input: ["string", "array"] },
  responses: {
    ...common,
    input: ["string", "array", "null"],
    tools: ["array", "null"],
    max_output_tokens: number,
    previous_response_id: ["string", "null"],
  },
  messages: anthropic,
  count_tokens: anthropic,
};
function checkTypes(members: ReadonlyMap<string, Member>, endpoint: Endpoint): void {
  const types = byEndpoint[endpoint];
  for (const [name, member] of members) {
    // A member may be named "constructor": what every object inherits is no rule of ours.
    const allowed = Object.hasOwn(types, name) ? types[name] : undefined;
    if (allowed === undefined || allowed.includes(member.type)) continue;
    const expected = allowed.join(" or ");
    const message = `Invalid type for '${name}': expected ${expected}, got ${member.type}.`;
    throw new Fault("invalid_type", message, { param: name });
  }
}

/** We read and edit this object: a key that stands twice in it could mean one thing to us, another to the provider. */
function checkStreamOptions(bytes: Uint8Array, options: Member | undefined): void {
  if (options?.type !== "object") return;
  const scanned = scanMembers(bytes.subarray(options.start, options.end));
  if (scanned.ok) return;
  const message = `The body is not valid JSON: ${scanned.message} in 'stream_options'.`;
  throw new Fault("invalid_json", message, { param: "stream_options" });
}

function readString(bytes: Uint8Array, member: Member, name: string): string {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset + member.start, member.end - member.start);
  try {
    return JSON.parse(raw.toString("utf8")) as string;
  } catch {
    throw new Fault("invalid_json", `The string of '${name}' is not valid JSON.`, { param: name });
  }
}
