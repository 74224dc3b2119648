import type { ChatRequest } from "../../chat/chat-request.ts";
import {
  type CommonParameter,
  type Dropped,
  type DroppedName,
  foreignMembers,
  foreignToolMembers,
  withoutPlace,
} from "../dropped.ts";
import { optionNames } from "./options.ts";

/** Parameters that Ollama has nothing like, to which the writers of messages and tools add. */
export function unsupported(request: ChatRequest): Dropped {
  return new Set<DroppedName>([
    ...withoutPlace(request, parameters),
    ...foreignToolMembers(request, "ollama"),
  ]);
}

const parameters: readonly CommonParameter[] = [
  "n",
  "logit_bias",
  "parallel_tool_calls",
  "messages.name",
];

/** @param also members of the request that are taken as well. */
export function unsupportedMembers(
  request: ChatRequest,
  also: readonly string[] = [],
): readonly string[] {
  return foreignMembers(request, undefined, new Set([...taken, ...optionNames, ...also]));
}

const taken: readonly string[] = ["keep_alive", "options", "raw"];
