import { isRecord } from "@headgate/core";
import type {
  AnswerFormat,
  ChatMessage,
  ChatRequest,
  OpaquePart,
} from "../../chat/chat-request.ts";
import { CallIds } from "../call-ids.ts";
import {
  type CommonParameter,
  type DroppedName,
  foreignMembers,
  foreignToolMembers,
  withoutPlace,
} from "../dropped.ts";
import { understoodMessages } from "../foreign-content.ts";
import type { Target, VendorRequest } from "../provider-api.ts";
import type { Block, BlockContext } from "./blocks.ts";
import { anthropicCallId } from "./call-id.ts";
import { type ClaudeTraits, claudeTraits } from "./claude-traits.ts";
import { writeMessages } from "./messages.ts";
import { outputSchema } from "./output-schema.ts";
import { sampling } from "./sampling.ts";
import { planThinking, type ThinkingPlan } from "./thinking.ts";
import { planTools } from "./tools.ts";

export function anthropicRequest(request: ChatRequest, target: Target): VendorRequest {
  const { body, dropped } = messagesBody(request, target.model);
  return {
    path: `${target.basePath}/v1/messages`,
    body: { model: target.model, ...body },
    dropped,
  };
}

/**
 * The body of a messages request, without the model (which Vertex has in its path).
 * https://platform.claude.com/docs/en/api/messages/create
 */
export function messagesBody(
  request: ChatRequest,
  model: string,
): { readonly body: Block; readonly dropped: readonly string[] } {
  const traits = claudeTraits(model);
  const native = request.more.dialect === "anthropic";
  const dropped = new Set<DroppedName>([
    ...withoutPlace(request, unsupported),
    ...foreignToolMembers(request, "anthropic"),
  ]);
  const context: BlockContext = { native, ids: new CallIds(anthropicCallId), dropped };
  const format = formatPlan(request, traits);
  const forces = format.tool || (!native && traits.forcedTools && demandsCall(request));
  const plan = planThinking(request, { traits, native, forces });
  if (plan.dropped) dropped.add("reasoning_effort");
  const mode = plan.thinking?.["type"];
  const tools = planTools(request, {
    traits,
    context,
    jsonTool: format.tool,
    mayForce: mode !== "enabled",
  });
  const conversation = understoodMessages(withSystem(request, format.told), reader, dropped);
  const { system, messages } = writeMessages(conversation, traits, context);
  const stop = (request.stop ?? []).filter((one) => one.trim() !== "");
  const body = {
    max_tokens: plan.maxTokens,
    ...(system.length > 0 && { system }),
    messages,
    ...(tools.tools.length > 0 && { tools: tools.tools }),
    ...(tools.toolChoice && { tool_choice: tools.toolChoice }),
    ...(plan.thinking && { thinking: plan.thinking }),
    ...outputConfig(plan, format.schema),
    ...sampling(request, { traits, thinks: mode === "enabled" || mode === "adaptive", dropped }),
    ...(stop.length > 0 && { stop_sequences: stop }),
    ...metadata(request),
    ...(request.stream && { stream: true }),
  };
  const foreign = foreignMembers(request, "anthropic");
  return { body: withNative(body, request), dropped: [...dropped, ...foreign] };
}

/** A call that the client demands comes before thoughts, where the model can't have both. */
function demandsCall({ toolChoice, tools }: ChatRequest): boolean {
  if (tools.length === 0 || !toolChoice) return false;
  return (
    toolChoice.type === "required" ||
    toolChoice.type === "function" ||
    (toolChoice.type === "allowed" && toolChoice.mode === "required")
  );
}

const reader = { vendor: "Anthropic", takes: ({ dialect }: OpaquePart) => dialect === "anthropic" };

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

interface FormatPlan {
  /** For `output_config.format`. */
  readonly schema?: Block;
  /** The format is had by a tool that must be called. */
  readonly tool: boolean;
  /** Said to the model in words. */
  readonly told?: string;
}

function formatPlan(request: ChatRequest, traits: ClaudeTraits): FormatPlan {
  const { format, toolChoice, more } = request;
  switch (format?.type) {
    case "json":
      return { tool: false, told: "Answer with one JSON object and nothing else." };
    case "json_schema": {
      const asWritten = more.dialect === "anthropic";
      const closed = asWritten ? format.schema : outputSchema(format.schema);
      const schema = traits.structuredOutputs ? closed : undefined;
      if (schema) return { tool: false, schema };
      // Who demands another call gets no answer to format.
      if (toolChoice?.type === "required" || toolChoice?.type === "function")
        return { tool: false };
      return traits.forcedTools ? { tool: true } : { tool: false, told: toldSchema(format) };
    }
    default:
      return { tool: false };
  }
}

function toldSchema({ schema }: Extract<AnswerFormat, { type: "json_schema" }>): string {
  return `Answer with one JSON object and nothing else. It must fit this JSON Schema: ${JSON.stringify(schema)}`;
}

function withSystem(request: ChatRequest, told: string | undefined): readonly ChatMessage[] {
  if (told === undefined) return request.messages;
  const [...messages] = request.messages;
  const at = messages.findIndex(({ role }) => role !== "system" && role !== "developer");
  const said = { role: "system", content: [{ type: "text", text: told }] } as const;
  messages.splice(at < 0 ? messages.length : at, 0, said);
  return messages;
}

function outputConfig({ effort }: ThinkingPlan, schema: Block | undefined): Block {
  if (effort === undefined && schema === undefined) return {};
  return {
    output_config: {
      ...(effort !== undefined && { effort }),
      ...(schema !== undefined && { format: { type: "json_schema", schema } }),
    },
  };
}

/** OpenAI's newer name of `user` is meant for the same. */
function metadata({ user, more }: ChatRequest): Block {
  const newer = more.dialect === "openai" ? more.members["safety_identifier"] : undefined;
  const id = user ?? (typeof newer === "string" ? newer : undefined);
  return id === undefined ? {} : { metadata: { user_id: id } };
}

/** What only Anthropic knows goes back to it as it was written; objects are joined. */
function withNative(body: Block, { more }: ChatRequest): Block {
  if (more.dialect !== "anthropic") return body;
  const joined: Record<string, unknown> = { ...body };
  for (const [name, value] of Object.entries(more.members)) {
    const ours = joined[name];
    joined[name] = isRecord(ours) && isRecord(value) ? { ...ours, ...value } : value;
  }
  return joined;
}
