import { isRecord } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";
import type { Json } from "./json.ts";

/**
 * The model's parameters. Those only Ollama has come as it names them, at the top of the client's
 * request or in its `options`; what the API of the client has itself goes before them.
 * https://docs.ollama.com/modelfile#parameter
 */
export function ollamaOptions(request: ChatRequest): Json {
  const { members } = request.more;
  const atTop = Object.entries(members).filter(([name]) => optionNames.has(name));
  const given = isRecord(members["options"]) ? Object.entries(members["options"]) : [];
  const own: readonly (readonly [string, unknown])[] = [
    ["num_predict", request.maxOutputTokens],
    ["temperature", request.temperature],
    ["top_p", request.topP],
    ["top_k", request.topK],
    ["seed", request.seed],
    ["stop", request.stop?.length ? request.stop : undefined],
    ["presence_penalty", request.presencePenalty],
    ["frequency_penalty", request.frequencyPenalty],
  ];
  const all = [...atTop, ...given, ...own];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== null));
}

/** What shapes the answer; how the server is run is not the client's. */
export const optionNames: ReadonlySet<string> = new Set([
  "num_ctx",
  "num_keep",
  "num_predict",
  "repeat_last_n",
  "repeat_penalty",
  "min_p",
  "tfs_z",
  "top_k",
  "typical_p",
  "mirostat",
  "mirostat_tau",
  "mirostat_eta",
  "penalize_newline",
]);
