import { isRecord, parseJson } from "@headgate/core";
import type {
  AssistantPart,
  ChatMessage,
  SystemMessage,
  TextPart,
  ToolCallPart,
  ToolMessage,
} from "../../chat/chat-request.ts";
import type { Block, Translating } from "./block.ts";
import { cachePoint, opaqueBlock, textBlock, userBlocks } from "./user-blocks.ts";

export interface Turn {
  readonly role: "user" | "assistant";
  readonly content: readonly Block[];
}

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
    if ("name" in message && message.name) translating.dropped.add("messages.name");
    if (isSystem(message)) system.push(...userBlocks(message.content, translating));
    else turns.push(turnOf(message, translating));
  }
  const split = merged(turns).flatMap((turn) => shaped(turn, translating));
  if (split.length === 0) return { system: [], messages: [user(system)] };
  return { system, messages: finished(split, translating) };
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

function user(content: readonly Block[]): Turn {
  return { role: "user", content };
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
      return opaqueBlock(part, translating);
  }
}

function citedText({ text, citations }: TextPart): readonly Block[] | undefined {
  if (citations?.dialect !== "bedrock" || text.trim() === "") return undefined;
  return [{ citationsContent: { content: [{ text }], citations: citations.list } }];
}

function toolUse({ id, name, arguments: text }: ToolCallPart, { ids }: Translating): Block {
  const input = parseJson(text);
  return { toolUse: { toolUseId: ids.call(id), name, input: isRecord(input) ? input : {} } };
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

function merged(turns: readonly Turn[]): readonly Turn[] {
  const out: Turn[] = [];
  for (const turn of turns) {
    const last = out.at(-1);
    if (turn.content.length === 0) continue;
    if (last?.role !== turn.role) out.push(turn);
    else out[out.length - 1] = { role: turn.role, content: [...last.content, ...turn.content] };
  }
  return out;
}

/** Results first, then what the user adds; and each document beside some text. */
function shaped(turn: Turn, { traits }: Translating): readonly Turn[] {
  const results = turn.content.filter((block, at) => isToolBlock(block, turn.content[at - 1]));
  const others = turn.content.filter((block) => !results.includes(block));
  if (turn.role === "user") {
    const named = [...others, ...documentText(others)];
    if (results.length === 0 || traits.mixesTools || named.length === 0) {
      return [{ role: "user", content: mergedResults([...results, ...named]) }];
    }
    return [
      { role: "user", content: mergedResults(results) },
      { role: "assistant", content: [filler] },
      { role: "user", content: named },
    ];
  }
  if (traits.mixesTools || results.length === 0 || others.length === 0) return [turn];
  return [
    { role: "assistant", content: others },
    { role: "user", content: [filler] },
    { role: "assistant", content: results },
  ];
}

function isToolBlock(block: Block, before: Block | undefined): boolean {
  const own = (one: Block | undefined) => one && ("toolResult" in one || "toolUse" in one);
  return own(block) || (("cachePoint" in block && own(before)) ?? false);
}

/** "If you include a document, you must also include a text." */
function documentText(blocks: readonly Block[]): readonly Block[] {
  const missing = blocks.some((block) => "document" in block) && !blocks.some((b) => "text" in b);
  return missing ? [{ text: "See the document." }] : [];
}

/** Each call has one result: a second one for it adds to the first. */
function mergedResults(blocks: readonly Block[]): readonly Block[] {
  const out: Block[] = [];
  const places = new Map<unknown, number>();
  for (const block of blocks) {
    const { toolResult: result } = block;
    if (!isRecord(result)) {
      out.push(block);
      continue;
    }
    const place = places.get(result["toolUseId"]);
    const first = place === undefined ? undefined : out[place]?.["toolResult"];
    if (place === undefined || !isRecord(first)) {
      places.set(result["toolUseId"], out.push(block) - 1);
      continue;
    }
    const content = [first["content"], result["content"]].flat();
    out[place] = { toolResult: { ...first, ...result, content } };
  }
  return out;
}

/** The user speaks first, and last unless the model goes on with what it is given. */
function finished(turns: readonly Turn[], { traits }: Translating): readonly Turn[] {
  const [first] = turns;
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  const goesOn = last?.role === "assistant" && !(block && "toolUse" in block);
  const end = goesOn && !traits.prefill ? [user([filler])] : [];
  const text = goesOn && traits.prefill ? block?.["text"] : undefined;
  // Models refuse the beginning of an answer with blanks at its end.
  const trimmed =
    last && typeof text === "string"
      ? [{ ...last, content: [...last.content.slice(0, -1), { text: text.trimEnd() }] }]
      : turns.slice(-1);
  const begin = first?.role === "assistant" ? [user([filler])] : [];
  return [...begin, ...turns.slice(0, -1), ...trimmed, ...end];
}

/** Stands where the API wants a turn and nobody said anything. */
const filler: Block = { text: "Continue." };
