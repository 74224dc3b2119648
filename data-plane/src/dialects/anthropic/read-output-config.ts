import { isRecord } from "@headgate/core";
import type { AnswerFormat, Reasoning } from "../../chat/chat-request.ts";
import { countAt, type Json, optional, recordAt, textAt, without } from "./checked.ts";

interface OutputConfig {
  readonly format?: AnswerFormat;
  readonly effort?: NonNullable<Reasoning["effort"]>;
  /** What else was said of the output. */
  readonly rest: Json;
}

/** `output_config`, and `output_format`, which was its format while in beta. */
export function readOutputConfig(body: Json): OutputConfig {
  const config = optional(body["output_config"], "output_config", recordAt) ?? {};
  const early = optional(body["output_format"], "output_format", recordAt);
  const written = optional(config["format"], "output_config.format", recordAt) ?? early;
  const format = written && readFormat(written);
  const effort = readEffort(config["effort"]);
  const known = [...(format ? ["format"] : []), ...(effort ? ["effort"] : [])];
  const rest = without(config, known);
  const unread = written && !format ? { format: written } : {};
  return { ...(format && { format }), ...(effort && { effort }), rest: { ...rest, ...unread } };
}

/** Anthropic's formats have no name, OpenAI's need one. */
function readFormat({ type, schema }: Json): AnswerFormat | undefined {
  if (type !== "json_schema" || !isRecord(schema)) return undefined;
  return { type, name: "answer", schema };
}

function readEffort(value: unknown): NonNullable<Reasoning["effort"]> | undefined {
  return efforts.find((effort) => effort === value);
}

const efforts = ["low", "medium", "high", "xhigh", "max"] as const;

interface ReadReasoning {
  readonly reasoning?: Reasoning;
  /** What of `thinking` only Anthropic understands. */
  readonly rest: Json;
}

/** @param effort of the output, which may be asked for without thoughts. */
export function readReasoning(value: unknown, effort: Reasoning["effort"]): ReadReasoning {
  const thinking = optional(value, "thinking", recordAt);
  const level = effort === undefined ? {} : { effort };
  if (!thinking) return { ...(effort && { reasoning: level }), rest: {} };
  const shown = readShown(thinking["display"]);
  switch (textAt(thinking["type"], "thinking.type")) {
    case "enabled": {
      const budgetTokens = countAt(thinking["budget_tokens"], "thinking.budget_tokens");
      const rest = without(thinking, ["type", "budget_tokens", "display"]);
      return { reasoning: { ...level, budgetTokens, ...shown }, rest };
    }
    case "adaptive": {
      const rest = without(thinking, ["type", "display"]);
      return { reasoning: { ...level, adaptive: true, ...shown }, rest };
    }
    case "disabled":
      return { reasoning: { effort: "none" }, rest: without(thinking, ["type"]) };
    case "between_tools":
      return { reasoning: { effort: "none" }, rest: thinking };
    default:
      return { ...(effort && { reasoning: level }), rest: thinking };
  }
}

function readShown(display: unknown): Pick<Reasoning, "shown"> {
  if (display === "summarized") return { shown: true };
  return display === "omitted" ? { shown: false } : {};
}
