import type { ChatRequest } from "../chat/chat-request.ts";
import type { Deployment } from "../routing/routed.ts";
import type { CallRequest } from "./read-request.ts";

/** Counts, or estimates, the input tokens of a prompt without asking its provider. */
export type CountTokens = (
  request: CallRequest,
  chat: ChatRequest,
  deployment: Deployment,
) => Promise<number>;
