import { recordOf } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { CallIds } from "../call-ids.ts";
import {
  type CommonParameter,
  type DroppedName,
  foreignToolMembers,
  withoutPlace,
} from "../dropped.ts";
import { type Reader, understoodMessages } from "../foreign-content.ts";
import type { Target, VendorRequest } from "../provider-api.ts";
import { formatPlan } from "./answer-format.ts";
import type { Block, Translating } from "./block.ts";
import { bedrockCallId, callIdLengthMax } from "./call-id.ts";
import { inferencePlan } from "./inference.ts";
import { conversation } from "./messages.ts";
import { modelTraits } from "./model-traits.ts";
import { moreMembers } from "./more-members.ts";
import { reasoningPlan } from "./reasoning.ts";
import { toolPlan } from "./tools.ts";
import { opaqueBlocks } from "./user-blocks.ts";

/**
 * A request to Converse.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */
export function converseRequest(request: ChatRequest, target: Target): VendorRequest {
  const { body, dropped } = converseBody(request, target.model);
  const operation = request.stream ? "converse-stream" : "converse";
  return { path: modelPath(target, operation), body, dropped };
}

/**
 * A model's id may be an ARN, with colons and slashes: they are part of one segment. All but RFC
 * 3986's unreserved characters are escaped, as AWS's own clients do, whose signatures cover the path.
 */
export function modelPath({ basePath, model }: Target, operation: string): string {
  const segment = encodeURIComponent(model).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${basePath}/model/${segment}/${operation}`;
}

export function converseBody(
  request: ChatRequest,
  model: string,
): { readonly body: Block; readonly dropped: readonly string[] } {
  const translating: Translating = {
    traits: modelTraits(model),
    ids: new CallIds(bedrockCallId, callIdLengthMax),
    documentNames: new Set(),
    dropped: new Set<DroppedName>([
      ...withoutPlace(request, unsupported),
      ...foreignToolMembers(request, "bedrock"),
    ]),
  };
  const format = formatPlan(request, translating.traits);
  const understood = understoodMessages(
    request.messages,
    readerOf(translating),
    translating.dropped,
  );
  const { system, messages } = conversation(understood, translating);
  const sentence = format.kind === "asked" ? [{ text: format.sentence }] : [];
  const tools = toolPlan(request, format, translating);
  const reasoning = reasoningPlan(request, tools.forced, translating);
  const inference = inferencePlan(request, reasoning, translating);
  const added = moreMembers(request, translating);
  const { additionalModelRequestFields: ownFields, ...more } = added.members;
  const fields = {
    ...inference.fields,
    ...reasoning.fields,
    ...tools.fields,
    ...recordOf(ownFields),
  };
  const output = {
    ...(format.kind === "native" && { textFormat: format.textFormat }),
    ...(reasoning.effort && { effort: reasoning.effort }),
  };
  const body = {
    messages,
    ...unlessEmpty("system", [...system, ...sentence]),
    ...unlessEmpty("inferenceConfig", inference.inferenceConfig),
    ...(tools.toolConfig && { toolConfig: tools.toolConfig }),
    ...unlessEmpty("additionalModelRequestFields", fields),
    ...unlessEmpty("outputConfig", output),
    ...stopSequencePath(request, translating),
    ...more,
  };
  return { body, dropped: [...translating.dropped, ...added.dropped] };
}

/** What no model behind Converse has. */
const unsupported: readonly CommonParameter[] = [
  "n",
  "seed",
  "frequency_penalty",
  "presence_penalty",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "messages.name",
];

/** Bedrock's own parts, and what Claude's have in common with them. */
function readerOf({ traits }: Translating): Reader {
  return { vendor: "Bedrock", takes: (part) => opaqueBlocks(part, traits).length > 0 };
}

/** Which stop sequence was met is told by Claude, where it is asked. */
function stopSequencePath({ stop }: ChatRequest, { traits }: Translating): Block {
  if (!traits.claude || !stop?.some((sequence) => sequence.trim() !== "")) return {};
  return { additionalModelResponseFieldPaths: ["/stop_sequence"] };
}

function unlessEmpty(name: string, value: object): Block {
  return Object.keys(value).length > 0 ? { [name]: value } : {};
}
