import { isRecord } from "@headgate/core";
import type {
  AssistantPart,
  ChatMessage,
  OpaquePart,
  Signature,
  TextPart,
  UserPart,
} from "../../chat/chat-request.ts";
import {
  type Json,
  missing,
  notOneOf,
  optionalString,
  requiredRecord,
  requiredString,
  unsupported,
  wrongType,
} from "../members.ts";
import { customArguments } from "./custom-tool.ts";
import { readAssistantContent, readTextContent, readUserContent } from "./read-content.ts";
import { readReasoning } from "./read-reasoning.ts";
import { openEnvelope } from "./reasoning-envelope.ts";

/**
 * The conversation: a text, or a list of items. Items of one turn of the assistant (thoughts, texts,
 * calls) become one message, as other vendors have them.
 * https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
 */
export function readInput(value: unknown): readonly ChatMessage[] {
  if (value === undefined || value === null) throw missing("input");
  if (typeof value === "string")
    return [{ role: "user", content: [{ type: "text", text: value }] }];
  if (!Array.isArray(value)) throw wrongType("input", "a string or a list", value);
  const reader = new ItemReader(callSignatures(value));
  for (const [index, item] of value.entries()) reader.read(item, `input[${index}]`);
  return reader.messages;
}

class ItemReader {
  readonly messages: ChatMessage[] = [];
  readonly #signatures: ReadonlyMap<string, Signature>;
  /** Parts of the assistant's turn that is being read. */
  #turn: AssistantPart[] | undefined;

  constructor(signatures: ReadonlyMap<string, Signature>) {
    this.#signatures = signatures;
  }

  read(value: unknown, param: string): void {
    const item = requiredRecord(value, param);
    const type = typeOf(item, param);
    switch (type) {
      case "message":
        return this.#message(item, param);
      case "reasoning":
        return this.#reasoning(item, param);
      case "function_call":
        return this.#call(item, param, requiredString(item["arguments"], `${param}.arguments`));
      case "custom_tool_call": {
        const input = requiredString(item["input"], `${param}.input`);
        return this.#call(item, param, customArguments(input));
      }
      case "function_call_output":
      case "custom_tool_call_output":
        return this.#output(item, param);
      case "item_reference":
        throw unsupported(param, `Unsupported value for '${param}': ${notKept}`);
      default:
        return this.#opaque(item, type);
    }
  }

  #message(item: Json, param: string): void {
    const role = requiredString(item["role"], `${param}.role`);
    const { content } = item;
    const at = `${param}.content`;
    if (content === undefined || content === null) throw missing(at);
    switch (role) {
      case "assistant":
        this.#assistant(...readAssistantContent(content, at));
        return;
      case "system":
      case "developer":
        return this.#add({ role, content: readTextContent(content, at) });
      case "user":
        return this.#add({ role, content: readUserContent(content, at) });
      default:
        throw notOneOf(role, ["user", "assistant", "system", "developer"], `${param}.role`);
    }
  }

  #reasoning(item: Json, param: string): void {
    const { parts, textSignature } = readReasoning(item, param);
    this.#assistant(...parts);
    if (textSignature) this.#sign(textSignature);
  }

  #call(item: Json, param: string, args: string): void {
    const id = requiredString(item["call_id"], `${param}.call_id`);
    const name = requiredString(item["name"], `${param}.name`);
    const signature = this.#signatures.get(id);
    this.#assistant({
      type: "tool-call",
      id,
      name,
      arguments: args,
      ...(signature && { signature }),
    });
  }

  #output(item: Json, param: string): void {
    const callId = requiredString(item["call_id"], `${param}.call_id`);
    const { output } = item;
    if (output === undefined || output === null) throw missing(`${param}.output`);
    this.#add({ role: "tool", callId, content: readUserContent(output, `${param}.output`) });
  }

  /** A call or result of a tool that OpenAI runs, and whatever else only it understands. */
  #opaque(value: Json, type: string): void {
    const part: OpaquePart = { type: "opaque", dialect: "responses", value };
    if (type.endsWith("_output") || type === "mcp_approval_response") {
      this.#add({ role: "user", content: [part satisfies UserPart] });
    } else {
      this.#assistant(part);
    }
  }

  /** Vendor state of the text before it. */
  #sign(signature: Signature): void {
    const at = this.#turn?.findLastIndex(({ type }) => type === "text") ?? -1;
    const part = this.#turn?.[at];
    if (this.#turn && part?.type === "text") {
      const signed: TextPart = { ...part, signature };
      this.#turn[at] = signed;
    }
  }

  #assistant(...parts: readonly AssistantPart[]): void {
    if (parts.length === 0) return;
    if (!this.#turn) {
      this.#turn = [];
      this.messages.push({ role: "assistant", content: this.#turn });
    }
    this.#turn.push(...parts);
  }

  #add(message: ChatMessage): void {
    this.#turn = undefined;
    this.messages.push(message);
  }
}

const notKept =
  "no deployment of this model keeps earlier items: send the item itself. (Clients that refer to items do so because of `store`: set it to false.)";

/** The type may be left out of messages, and of references. */
function typeOf(item: Json, param: string): string {
  const type = optionalString(item["type"], `${param}.type`);
  if (type !== undefined) return type;
  if ("role" in item) return "message";
  if ("id" in item) return "item_reference";
  throw missing(`${param}.type`);
}

/** State bound to calls stands in items of its own, wherever the client put them. */
function callSignatures(items: readonly unknown[]): ReadonlyMap<string, Signature> {
  const found = new Map<string, Signature>();
  for (const item of items) {
    const content = isRecord(item) ? item["encrypted_content"] : undefined;
    const envelope = typeof content === "string" ? openEnvelope(content) : undefined;
    if (envelope?.belongsTo.kind !== "call") continue;
    found.set(envelope.belongsTo.callId, envelope.signature);
  }
  return found;
}
