import { Fault, isRecord } from "@headgate/core";
import type { ChatRequest, Dialect } from "../chat/chat-request.ts";

/**
 * What requests leave out because a vendor has nothing like it, by names as in OpenAI's API: one
 * policy and one set of names for all vendors.
 *
 * Only what would have changed the answer is named. In silence go: how a vendor keeps, bills, caches
 * or hurries a request, whom it is for, how closely an image is looked at, and values that ask for
 * what is so anyway (`n: 1`, penalties of 0).
 */
export type Dropped = Set<DroppedName>;

export type DroppedName =
  | CommonParameter
  | "messages.content"
  | "reasoning_effort"
  | "stop"
  | "temperature"
  | "tool_choice"
  | "tools"
  | "tools.strict"
  | "top_k"
  | "top_p"
  | `tools.${string}`;

/** Parameters with a common form that not every vendor has. */
export type CommonParameter = keyof typeof asks;

/** Which of these parameters, that the vendor does not have, the request gives a meaning. */
export function withoutPlace(
  request: ChatRequest,
  parameters: readonly CommonParameter[],
): readonly CommonParameter[] {
  return parameters.filter((parameter) => asks[parameter](request));
}

/** Whether a request asks for something by a parameter. */
const asks = {
  n: ({ choices }) => choices !== undefined && choices > 1,
  seed: ({ seed }) => seed !== undefined,
  frequency_penalty: ({ frequencyPenalty }) => Boolean(frequencyPenalty),
  presence_penalty: ({ presencePenalty }) => Boolean(presencePenalty),
  logprobs: ({ logprobs }) => logprobs !== undefined,
  top_logprobs: ({ logprobs }) => logprobs !== undefined && logprobs.top > 0,
  logit_bias: ({ logitBias }) => Object.keys(logitBias ?? {}).length > 0,
  parallel_tool_calls: ({ parallelToolCalls, tools }) =>
    parallelToolCalls === false && tools.length > 0,
  "messages.name": ({ messages }) =>
    messages.some(
      (message) => "name" in message && message.name !== undefined && message.name !== "",
    ),
} as const satisfies Record<string, (request: ChatRequest) => boolean>;

const none: ReadonlySet<string> = new Set();

/**
 * Names of the members without a common form that a vendor has no place for.
 * @param own the vendor's own dialect, of which it takes everything.
 * @param taken members of other dialects that it takes.
 * @throws {Fault} unsupported_value for one that can't be left out.
 */
export function foreignMembers(
  { more, reasoning }: ChatRequest,
  own: Dialect | undefined,
  taken: ReadonlySet<string> = none,
): readonly string[] {
  if (more.dialect === own) return [];
  const names = meaningful(more.members).filter((name) => !taken.has(name));
  if (names.includes("suffix")) throw noSuffix();
  return reasoning ? names.filter((name) => !saysReasoning.has(name)) : names;
}

/** A text to be written into a gap is another than one that goes on. */
function noSuffix(): Fault {
  const message =
    "Unsupported value for 'suffix': the provider of this deployment writes no text before another one: leave it out.";
  return new Fault("unsupported_value", message, { param: "suffix" });
}

/** The same of the tools' members. */
export function foreignToolMembers(
  { tools }: Pick<ChatRequest, "tools">,
  own: Dialect | undefined,
): readonly `tools.${string}`[] {
  const members = tools.flatMap((tool) =>
    tool.type === "function" && tool.more && tool.more.dialect !== own
      ? meaningful(tool.more.members)
      : [],
  );
  return [...new Set(members)].map((name) => `tools.${name}` as const);
}

/** Names of the members that say something of the answer. */
export function meaningful(members: Readonly<Record<string, unknown>>): readonly string[] {
  const given = Object.entries(members).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return given.filter(([name, value]) => !saysNothing(name, value)).map(([name]) => name);
}

function saysNothing(name: string, value: unknown): boolean {
  switch (name) {
    case "modalities":
      return Array.isArray(value) && value.every((one) => one === "text");
    case "top_logprobs":
      return value === 0;
    case "logprobs":
      return value === false;
    case "extra_body":
      return isRecord(value) && Object.keys(value).length === 0;
    default:
      return silent.has(name);
  }
}

/** Servers' words for what `reasoning` of the common form has already. */
const saysReasoning: ReadonlySet<string> = new Set(["reasoning", "thinking"]);

const silent: ReadonlySet<string> = new Set([
  // Of the Responses API, whose reader refuses true.
  "background",
  "cache_control",
  "client_metadata",
  // How tools' arguments are streamed.
  "eager_input_streaming",
  // How vectors are written is the dialect's business.
  "encoding_format",
  "metadata",
  // What the answer will be like, to have it sooner.
  "prediction",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "speed",
  "store",
  "stream_options",
  "user",
]);
