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
 * prompt is too long, or where it holds media, which no tokenizer counts. Exact for text; the frames
 * of messages and tools are those that OpenAI tells of:
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
  if (characters > charactersMax || request.messages.some(hasMedia)) return undefined;
  const tokenizer = await loadTokenizer(encoding);
  const priming = primingTokens(model);
  const frames = request.messages.reduce((sum, message) => sum + frameOf(message), priming);
  return frames + toolTokens(request) + (await countAll(texts, tokenizer));
}

/** Each answer is primed with `<|start|>assistant<|message|>`; those that reason have one less. */
function primingTokens(model: string): number {
  return /(^|[/:])(gpt-5|o\d)/i.test(model) ? 2 : 3;
}

const tokensPerMessage = 3;
const tokensPerName = 1;
const tokensPerRole = 1;
/** Beside its name and arguments. */
const tokensPerToolCall = 8;
function frameOf(message: ChatMessage): number {
  const name = "name" in message && message.name !== undefined ? tokensPerName : 0;
  const calls = message.content.filter(({ type }) => type === "tool-call").length;
  return tokensPerMessage + tokensPerRole + name + calls * tokensPerToolCall;
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

function hasMedia({ content }: ChatMessage): boolean {
  const media: readonly string[] = ["image", "audio", "file", "opaque"];
  return content.some(({ type }) => media.includes(type));
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
