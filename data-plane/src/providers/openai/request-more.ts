import { isRecord } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";
import type { ServerKind } from "./server-kind.ts";

interface More {
  readonly members: Readonly<Record<string, unknown>>;
  readonly dropped: readonly string[];
}

/**
 * Members without a common form: those of this dialect as they were written, and what the Responses
 * API and Anthropic's have in common with it.
 */
export function writeMore({ more }: ChatRequest, kind: ServerKind): More {
  switch (more.dialect) {
    case "openai":
      return writeOwn(more.members, kind);
    case "responses":
      return writeResponses(more.members, kind);
    default:
      return { members: {}, dropped: Object.keys(more.members) };
  }
}

/** Written from the common form, or only ever ours to know. */
const held: ReadonlySet<string> = new Set(["functions", "stream_options"]);
/** Extensions that other servers have, held in the common form: OpenAI refuses a name it does not know. */
const extensions: ReadonlySet<string> = new Set(["reasoning", "thinking"]);

function writeOwn(members: More["members"], kind: ServerKind): More {
  const kept = Object.entries(members).filter(
    ([name]) => !held.has(name) && (kind.extensions || !extensions.has(name)),
  );
  return { members: Object.fromEntries(kept), dropped: [] };
}

/** Members that the Responses API shares with chat completions. */
const shared: ReadonlySet<string> = new Set([
  "metadata",
  "store",
  "service_tier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "safety_identifier",
]);

function writeResponses(given: More["members"], kind: ServerKind): More {
  const members: Record<string, unknown> = {};
  const dropped: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const verbosity = name === "text" && isRecord(value) ? value["verbosity"] : undefined;
    if (verbosity !== undefined) members["verbosity"] = verbosity;
    else if (shared.has(name) && kind.newest) members[name] = value;
    else dropped.push(name);
  }
  return { members, dropped };
}
