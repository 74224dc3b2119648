import { setImmediate as turn } from "node:timers/promises";
import type { ChatMessage, ChatRequest } from "../chat/chat-request.ts";
import { encodingOf, loadTokenizer, type Tokenizer } from "./tokenizer.ts";
import { toolTexts, toolTokens } from "./tool-tokens.ts";

/**
 * A longer prompt is estimated: a count takes 0.1 to 2 microseconds a character of the thread that
 * serves everybody, and the longer a text, the better is what was learnt of its like.
 */
const charactersMax = 65_536;

/** So many characters are counted before others have their turn: 1 to 10 ms. */
const charactersPerTurn = 4_096;

/**
 * The input tokens of a chat by the model's own tokenizer; undefined where there is none, where the
 * prompt is too long, or where it holds media other than images. Exact for text; the frames of
 * messages and tools are those that OpenAI tells of:
 * https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
 *
 * @param model - The provider's name of it.
 */
export async function exactTokens(
  model: string,
  request: ChatRequest,
): Promise<number | undefined> {
  const encoding = encodingOf(model);
  if (encoding === undefined) return undefined;
  const texts = [...request.messages.flatMap(textsOf), ...toolTexts(request)];
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters > charactersMax || request.messages.some(hasOtherMedia)) return undefined;
  const tokenizer = await loadTokenizer(encoding);
  const frames = request.messages.reduce((sum, message) => sum + frameOf(message), primingTokens);
  return frames + toolTokens(request) + (await countAll(texts, tokenizer));
}

/** Each answer is primed with `<|start|>assistant<|message|>`. */
const primingTokens = 3;
const tokensPerMessage = 3;
const tokensPerName = 1;
const tokensPerRole = 1;
/** Beside its name and arguments. */
const tokensPerToolCall = 8;
/** Of an image in low detail; in high detail of 1024 x 1024 pixels. */
const lowDetailTokens = 85;
const highDetailTokens = 765;

function frameOf(message: ChatMessage): number {
  const name = "name" in message && message.name !== undefined ? tokensPerName : 0;
  let sum = tokensPerMessage + tokensPerRole + name;
  for (const part of message.content) {
    if (part.type === "tool-call") sum += tokensPerToolCall;
    if (part.type === "image") sum += part.detail === "low" ? lowDetailTokens : highDetailTokens;
  }
  return sum;
}

/** Reasoning is not among it: OpenAI takes none back in chats. */
function textsOf(message: ChatMessage): readonly string[] {
  const name = "name" in message && message.name !== undefined ? [message.name] : [];
  const contents = message.content.flatMap((part) => {
    if (part.type === "text" || part.type === "refusal") return [part.text];
    return part.type === "tool-call" ? [part.name, part.arguments] : [];
  });
  return [...name, ...contents];
}

function hasOtherMedia({ content }: ChatMessage): boolean {
  return content.some(({ type }) => type === "audio" || type === "file" || type === "opaque");
}

async function countAll(texts: readonly string[], tokenizer: Tokenizer): Promise<number> {
  let tokens = 0;
  let sinceTurn = 0;
  for (const text of texts.flatMap(cut)) {
    sinceTurn += text.length;
    if (sinceTurn > charactersPerTurn) {
      await turn();
      sinceTurn = text.length;
    }
    tokens += tokenizer(text);
  }
  return tokens;
}

/** Before a blank, as tokenizers do, if there is one near the end. */
function cut(text: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  while (text.length - start > charactersPerTurn) {
    const end = start + charactersPerTurn;
    const blank = text.lastIndexOf(" ", end);
    const next = blank > end - 256 && blank > start ? blank : end;
    parts.push(text.slice(start, next));
    start = next;
  }
  return [...parts, text.slice(start)];
}
