import { isRecord } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { foreignMembers } from "../dropped.ts";
import type { ServerKind } from "./server-kind.ts";

interface More {
  readonly members: Readonly<Record<string, unknown>>;
  readonly dropped: readonly string[];
}

/**
 * Members without a common form: those of this dialect as they were written, and what the Responses
 * API and Anthropic's have in common with it.
 */
export function writeMore(request: ChatRequest, kind: ServerKind): More {
  const { dialect, members } = request.more;
  switch (dialect) {
    case "openai":
      return writeOwn(members, kind);
    case "responses": {
      const written = writeResponses(members, kind);
      return { members: written, dropped: foreignMembers(request, "openai", taken(written)) };
    }
    default:
      return { members: {}, dropped: foreignMembers(request, "openai") };
  }
}

/** Extensions that other servers have, held in the common form: OpenAI refuses a name it does not know. */
const extensions: ReadonlySet<string> = new Set(["reasoning", "thinking"]);

function writeOwn(members: More["members"], kind: ServerKind): More {
  const kept = Object.entries(members).filter(
    ([name]) => name !== "stream_options" && (kind.extensions || !extensions.has(name)),
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

function writeResponses({ text, ...given }: More["members"], kind: ServerKind): More["members"] {
  const verbosity = isRecord(text) ? text["verbosity"] : undefined;
  const kept = Object.entries(given).filter(([name]) => shared.has(name) && kind.newest);
  return { ...(verbosity !== undefined && { verbosity }), ...Object.fromEntries(kept) };
}

/** Names of the Responses API's members that are written. */
function taken(written: More["members"]): ReadonlySet<string> {
  return new Set(Object.keys(written).map((name) => (name === "verbosity" ? "text" : name)));
}
