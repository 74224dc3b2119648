import { isRecord, jsonText } from "@headgate/core";
import type { Tool } from "../../chat/chat-request.ts";
import type { Block, Translating } from "./block.ts";

/** Tools that are no functions of the client's. */
export interface VendorTools {
  /** Bedrock's own, for toolConfig. */
  readonly systemTools: readonly Block[];
  /** Anthropic's, for additionalModelRequestFields. */
  readonly fields: Block;
}

/**
 * Of Anthropic's tools Bedrock knows those that the client runs.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/computer-use.html
 */
export function vendorTools(tools: readonly Tool[], { traits, dropped }: Translating): VendorTools {
  const systemTools: Block[] = [];
  const native: Block[] = [];
  for (const tool of tools) {
    if (tool.type === "function") continue;
    const { dialect, value } = tool;
    if (dialect === "bedrock" && isRecord(value)) systemTools.push(value);
    else if (dialect === "anthropic" && traits.claude && isClientRun(value)) {
      native.push(value);
    } else dropped.add("tools");
  }
  if (native.length === 0) return { systemTools, fields: {} };
  const betas = new Set(native.flatMap(({ type }) => betaOf(jsonText(type))));
  const fields = { tools: native, ...(betas.size > 0 && { anthropic_beta: [...betas] }) };
  return { systemTools, fields };
}

function isClientRun(value: unknown): value is Block {
  return (
    isRecord(value) && /^(computer|bash|text_editor|memory)_\d{8}$/.test(String(value["type"]))
  );
}

/** `computer_20250124` is behind `computer-use-2025-01-24`. */
function betaOf(type: string): readonly string[] {
  const [, year, month, day] = /^computer_(\d{4})(\d{2})(\d{2})$/.exec(type) ?? [];
  return year ? [`computer-use-${year}-${month}-${day}`] : [];
}
