import { Fault } from "@headgate/core";
import type { ChatMessage, ChatRequest } from "../../chat/chat-request.ts";
import { understoodMessages } from "../foreign-content.ts";
import type { Target, VendorRequest } from "../provider-api.ts";
import type { Json } from "./json.ts";
import { type Content, contentOf } from "./media.ts";
import { commonMembers, ollamaReader } from "./request.ts";
import { unsupported, unsupportedMembers } from "./unsupported.ts";

/**
 * A request to go on with a text, which legacy completions are.
 * https://docs.ollama.com/api/generate
 * @throws {Fault} unsupported_value for a conversation: it has no place here.
 */
export function generateRequest(request: ChatRequest, target: Target): VendorRequest {
  const dropped = unsupported(request);
  if (request.tools.length > 0) dropped.add("tools");
  const messages = understoodMessages(request.messages, ollamaReader, dropped);
  const { text, images } = promptOf(messages);
  const system = messages.flatMap(systemTexts);
  const body = {
    model: target.model,
    prompt: text,
    ...(images.length > 0 && { images }),
    ...(system.length > 0 && { system: system.join("\n") }),
    ...ownMembers(request.more.members),
    ...commonMembers(request, target),
  };
  const foreign = unsupportedMembers(request, ["suffix"]);
  return { path: `${target.basePath}/api/generate`, body, dropped: [...dropped, ...foreign] };
}

function systemTexts(message: ChatMessage): readonly string[] {
  const isSystem = message.role === "system" || message.role === "developer";
  return isSystem ? message.content.map(({ text }) => text) : [];
}

function promptOf(messages: readonly ChatMessage[]): Content {
  const parts = messages.flatMap((message) => {
    if (message.role === "user") return message.content;
    if (message.role === "system" || message.role === "developer") return [];
    const text = "A completion goes on with one text: send a conversation to the chat endpoint.";
    throw new Fault("unsupported_value", text, { param: "prompt" });
  });
  return contentOf(parts);
}

/** What comes after the text that is to be written, and whether the prompt is the model's own words. */
function ownMembers({ suffix, raw }: Json): Json {
  return {
    ...(typeof suffix === "string" && suffix !== "" && { suffix }),
    ...(typeof raw === "boolean" && { raw }),
  };
}
