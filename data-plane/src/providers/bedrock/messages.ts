import { callInput } from "../../chat/call-input.ts";
import type {
  AssistantPart,
  ChatMessage,
  SystemMessage,
  TextPart,
  ToolCallPart,
  ToolMessage,
} from "../../chat/chat-request.ts";
import type { Block, Translating } from "./block.ts";
import { inTurns, type Turn, user } from "./turns.ts";
import { cachePoint, opaqueBlocks, textBlock, userBlocks } from "./user-blocks.ts";

export interface Conversation {
  readonly system: readonly Block[];
  readonly messages: readonly Turn[];
}

/**
 * Converse wants turns that alternate, the user's first, and all results of a turn's tool calls
 * together in the next. What the system says in the middle of the conversation joins its other
 * words, at the cost of its place.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html
 */
export function conversation(
  messages: readonly ChatMessage[],
  translating: Translating,
): Conversation {
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const message of messages) {
    if (isSystem(message)) system.push(...userBlocks(message.content, translating));
    else turns.push(turnOf(message, translating));
  }
  const alternating = inTurns(turns, translating.traits);
  // There has to be something to answer.
  if (alternating.length === 0) return { system: [], messages: [user(system)] };
  return { system, messages: alternating };
}

function isSystem(message: ChatMessage): message is SystemMessage {
  return message.role === "system" || message.role === "developer";
}

function turnOf(message: Exclude<ChatMessage, SystemMessage>, translating: Translating): Turn {
  switch (message.role) {
    case "assistant":
      return { role: "assistant", content: assistantBlocks(message.content, translating) };
    case "tool":
      return user(toolResult(message, translating));
    case "user":
      return user(userBlocks(message.content, translating));
  }
}

function assistantBlocks(
  parts: readonly AssistantPart[],
  translating: Translating,
): readonly Block[] {
  return parts.flatMap((part) => {
    const cache = "cache" in part ? part.cache : undefined;
    return [...assistantBlock(part, translating), ...cachePoint(cache, translating)];
  });
}

function assistantBlock(part: AssistantPart, translating: Translating): readonly Block[] {
  const claude = translating.traits.claude !== undefined;
  switch (part.type) {
    case "text":
      return citedText(part) ?? textBlock(part.text);
    case "refusal":
      return textBlock(part.text);
    // Only Claude takes thoughts back, and only its own: with its signature.
    case "reasoning": {
      const { text, signature } = part;
      if (!claude || signature?.vendor !== "anthropic") return [];
      return [{ reasoningContent: { reasoningText: { text, signature: signature.value } } }];
    }
    case "redacted-reasoning":
      if (!claude || part.data.vendor !== "anthropic") return [];
      return [{ reasoningContent: { redactedContent: part.data.value } }];
    case "tool-call":
      return [toolUse(part, translating)];
    case "opaque":
      return opaqueBlocks(part, translating.traits);
  }
}

function citedText({ text, citations }: TextPart): readonly Block[] | undefined {
  if (citations?.dialect !== "bedrock" || text.trim() === "") return undefined;
  return [{ citationsContent: { content: [{ text }], citations: citations.list } }];
}

function toolUse({ id, name, arguments: text }: ToolCallPart, { ids }: Translating): Block {
  return { toolUse: { toolUseId: ids.call(id), name, input: callInput(text) } };
}

function toolResult(message: ToolMessage, translating: Translating): readonly Block[] {
  const blocks = userBlocks(message.content, translating);
  // A cache mark has no place within a result: it goes after.
  const content = blocks.filter((block) => !("cachePoint" in block));
  const { claude, family } = translating.traits;
  const failed = message.isError === true && (claude !== undefined || family === "nova");
  const result = {
    toolUseId: translating.ids.result(message.callId),
    content: content.length > 0 ? content : [{ text: "(empty)" }],
    ...(failed && { status: "error" }),
  };
  const mark = blocks.find((block) => "cachePoint" in block);
  const after = mark ? [mark] : cachePoint(message.cache, translating);
  return [{ toolResult: result }, ...after];
}
