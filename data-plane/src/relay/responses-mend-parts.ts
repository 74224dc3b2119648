import { isRecord } from "@headgate/core";

type Json = Readonly<Record<string, unknown>>;

/**
 * What is amiss in parts and tools: text parts of Bedrock, OpenRouter and older OpenAI lack their
 * `logprobs` (and some their `annotations`), which the API requires and clients count on. Undefined
 * if nothing is.
 *
 * @param value a response, or the data of an event.
 */
export function mendParts(value: Json): Json | undefined {
  const { response, item, part, output, content, tools } = value;
  const mended: Record<string, unknown> = {};
  if (isRecord(response)) set(mended, "response", mendParts(response));
  if (isRecord(item)) set(mended, "item", mendParts(item));
  if (isRecord(part)) set(mended, "part", mendPart(part));
  if (Array.isArray(output)) set(mended, "output", mendList(output, mendParts));
  if (Array.isArray(content)) set(mended, "content", mendList(content, mendPart));
  if (Array.isArray(tools)) set(mended, "tools", mendList(tools, mendTool));
  return Object.keys(mended).length === 0 ? undefined : { ...value, ...mended };
}

function mendPart(part: Json): Json | undefined {
  if (part["type"] !== "output_text") return undefined;
  if (Array.isArray(part["logprobs"]) && Array.isArray(part["annotations"])) return undefined;
  return { ...part, annotations: part["annotations"] ?? [], logprobs: part["logprobs"] ?? [] };
}

/** DeepSeek repeats a web search with null for what the client did not choose. */
function mendTool(tool: Json): Json | undefined {
  if (tool["search_context_size"] !== null) return undefined;
  const { search_context_size: _, ...rest } = tool;
  return rest;
}

function mendList(
  list: readonly unknown[],
  mend: (value: Json) => Json | undefined,
): readonly unknown[] | undefined {
  let found = false;
  const mended = list.map((value) => {
    const other = isRecord(value) ? mend(value) : undefined;
    found ||= other !== undefined;
    return other ?? value;
  });
  return found ? mended : undefined;
}

function set(target: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined) target[name] = value;
}
