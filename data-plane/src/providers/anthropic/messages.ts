import type { ChatMessage, SystemMessage } from "../../chat/chat-request.ts";
import {
  assistantBlocks,
  type Block,
  type BlockContext,
  nativeMembers,
  textBlock,
  toolResultBlock,
  userBlocks,
} from "./blocks.ts";
import type { ClaudeTraits } from "./claude-traits.ts";

export interface Prompt {
  readonly system: readonly Block[];
  readonly messages: readonly Message[];
}

/**
 * The conversation as Anthropic has it: the system's words apart, users and assistant in turns, all
 * results of a turn's calls first in the one message that follows it.
 *
 * What the system says in the middle of the conversation joins its other words, at the cost of its
 * place; where the client speaks Anthropic's dialect and the model takes it, it stays.
 */
export function writeMessages(
  conversation: readonly ChatMessage[],
  traits: ClaudeTraits,
  context: BlockContext,
): Prompt {
  const system: Block[] = [];
  const turns = new Turns();
  for (const message of conversation) {
    switch (message.role) {
      case "system":
      case "developer":
        if (context.native && traits.systemTurns && turns.begun) turns.addSystem(message);
        else system.push(...message.content.flatMap(textBlock));
        break;
      case "user":
        turns.add("user", userBlocks(message.content, context));
        break;
      case "tool":
        turns.addResult(toolResultBlock(message, context));
        break;
      case "assistant":
        turns.add("assistant", assistantBlocks(message.content, context));
        break;
    }
  }
  return finished({ system, turns: turns.list }, traits, context);
}

interface Turn {
  readonly role: "user" | "assistant" | "system";
  readonly results: Block[];
  readonly rest: Block[];
  readonly more?: Block;
}

class Turns {
  readonly list: Turn[] = [];

  get begun(): boolean {
    return this.list.length > 0;
  }

  add(role: "user" | "assistant", blocks: readonly Block[]): void {
    if (blocks.length > 0) this.#turn(role).rest.push(...blocks);
  }

  addResult(block: Block): void {
    this.#turn("user").results.push(block);
  }

  addSystem(message: SystemMessage): void {
    const rest = message.content.flatMap(textBlock);
    if (rest.length === 0) return;
    this.list.push({ role: "system", results: [], rest, more: nativeMembers(message.more) });
  }

  #turn(role: "user" | "assistant"): Turn {
    const last = this.list.at(-1);
    if (last?.role === role) return last;
    const turn: Turn = { role, results: [], rest: [] };
    this.list.push(turn);
    return turn;
  }
}

/**
 * Anthropic wants at least one message, the user's first, and (newer models) the user's last; OpenAI
 * does not care. A client of Anthropic's dialect hears of it from Anthropic.
 */
function finished(
  { system, turns }: { readonly system: readonly Block[]; readonly turns: readonly Turn[] },
  traits: ClaudeTraits,
  { native }: BlockContext,
): Prompt {
  const messages: Message[] = turns.map(({ role, results, rest, more }) => ({
    role,
    content: [...results, ...rest],
    ...more,
  }));
  trimPrefill(messages);
  if (native) return { system, messages };
  if (messages.length === 0)
    return { system: [], messages: [{ role: "user", content: [...system] }] };
  if (messages[0]?.role === "assistant") messages.unshift(saidByUser("."));
  if (!traits.prefill && endsWithAnswer(messages.at(-1))) messages.push(saidByUser("Continue."));
  return { system, messages };
}

export interface Message {
  readonly role: string;
  readonly content: Block[];
}

function saidByUser(text: string): Message {
  return { role: "user", content: [{ type: "text", text }] };
}

function endsWithAnswer(message: Message | undefined): boolean {
  return message?.role === "assistant" && message.content.at(-1)?.["type"] !== "tool_use";
}

/** The beginning of an answer must not end with white space. */
function trimPrefill(messages: readonly Message[]): void {
  const last = messages.at(-1);
  const block = last?.role === "assistant" ? last.content.at(-1) : undefined;
  const text = block?.["type"] === "text" ? block["text"] : undefined;
  if (typeof text === "string") last?.content.splice(-1, 1, { ...block, text: text.trimEnd() });
}
