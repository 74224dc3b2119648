import { Fault, type Member, type MemberType, scanMembers } from "@headgate/core";
import type { Endpoint } from "../http/routes.ts";
import type { OpenAiRequest } from "../providers/openai/request-body.ts";

/** What a client's body asks for. */
export interface CallRequest extends OpenAiRequest {
  readonly modelName: string;
}

/**
 * Read what we must know of the body, and check what would otherwise fail in a way that is hard
 * to understand. Everything else is the provider's to judge.
 *
 * @throws {Fault} invalid_json, missing_required_parameter or invalid_type.
 */
export function readRequest(bytes: Uint8Array, endpoint: Endpoint): CallRequest {
  const scanned = scanMembers(bytes);
  if (!scanned.ok) {
    const message = `The body is not valid JSON: ${scanned.message} at byte ${scanned.offset}.`;
    throw new Fault("invalid_json", message);
  }
  const { members, bodyStart } = scanned;
  checkTypes(members, endpoint);
  checkStreamOptions(bytes, members.get("stream_options"));
  const model = members.get("model");
  if (!model) {
    const message = "The model is missing: give the name of one that GET /v1/models lists.";
    throw new Fault("missing_required_parameter", message, { param: "model" });
  }
  const stream = members.get("stream");
  return {
    bytes,
    bodyStart,
    model,
    modelName: readString(bytes, model, "model"),
    // Embeddings do not stream: asking one for its usage would add a parameter unknown there.
    stream: endpoint !== "embeddings" && stream !== undefined && bytes[stream.start] === 0x74, // "true"
    streamOptions: members.get("stream_options"),
  };
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

const byEndpoint: Readonly<Record<Endpoint, Readonly<Record<string, readonly MemberType[]>>>> = {
  chat_completions: { ...common, messages: list, tools: ["array", "null"] },
  completions: { ...common, prompt: ["string", "array", "null"] },
  embeddings: { ...common, input: ["string", "array"] },
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
