import { isRecord, jsonText } from "@headgate/core";

/** What an error says, whatever members the server put it in. */
export interface ErrorWords {
  readonly message: string;
  readonly type?: string;
  readonly code?: string;
  /** Azure's, of the error within. */
  readonly innerCode?: string;
  readonly param?: string;
  /** The status that the error itself names. */
  readonly status?: number;
}

/**
 * Undefined if the body is no error that anyone knows:
 * - `{"error":{"message",..}}`: OpenAI, Azure, Groq, OpenRouter, vLLM since 0.10, Ollama
 * - `{"error":"text","error_type":".."}`: TGI, Hugging Face, Ollama's own API
 * - `{"object":"error","message",..}`: vLLM before, Mistral
 * - `{"detail":..}`: FastAPI, with a text, an object, or a list of what was not valid; RFC 9457
 * - `{"message":..}`: load balancers and API gateways
 * - any of them as the only one in a list: Gemini's OpenAI route
 */
export function errorWords(body: unknown): ErrorWords | undefined {
  if (Array.isArray(body)) return errorWords(body[0]);
  if (!isRecord(body)) return undefined;
  const { error, errors, detail } = body;
  if (isRecord(error)) return wordsOf({ ...error, param: error["param"] ?? undefined });
  if (typeof error === "string")
    return wordsOf({ ...body, message: error, type: body["error_type"] });
  if (Array.isArray(error) || Array.isArray(errors)) {
    return wordsOf({ message: listText(error ?? errors) });
  }
  if (detail !== undefined && detail !== null) return wordsOfDetail(body);
  return typeof body["message"] === "string" || isRecord(body["message"])
    ? wordsOf(body)
    : undefined;
}

function wordsOf(error: Readonly<Record<string, unknown>>): ErrorWords {
  const { innererror, metadata } = error;
  const status = [error["status"], error["status_code"], error["code"]]
    .map((value) => (typeof value === "object" ? Number.NaN : Number(value)))
    .find((number) => Number.isInteger(number) && number >= 400 && number <= 599);
  return {
    message: messageOf(error["message"], metadata),
    ...word("type", error["type"]),
    ...word("code", error["code"]),
    ...word("innerCode", isRecord(innererror) ? innererror["code"] : undefined),
    ...word("param", error["param"]),
    ...(status !== undefined && { status }),
  };
}

/** OpenRouter's own message is mostly "Provider returned error": what was wrong is beside it. */
function messageOf(message: unknown, metadata: unknown): string {
  if (isRecord(message)) return wordsOfDetail(message).message;
  const text = typeof message === "string" && message !== "" ? message : undefined;
  const raw = isRecord(metadata) && typeof metadata["raw"] === "string" ? metadata["raw"] : "";
  if (text === undefined) return raw || "The provider reported an error without a message.";
  return raw === "" || text !== "Provider returned error" ? text : `${text}: ${raw}`;
}

function wordsOfDetail(body: Readonly<Record<string, unknown>>): ErrorWords {
  const { detail, title } = body;
  if (isRecord(detail)) return wordsOf(detail);
  if (typeof detail === "string") return wordsOf({ ...body, message: detail });
  const text = listText(detail);
  return wordsOf({ ...body, message: text || title, type: undefined });
}

/** FastAPI's `[{"loc":["body","temperature"],"msg":".."}]`. */
function listText(list: unknown): string {
  const entries: readonly unknown[] = Array.isArray(list) ? list : [list];
  return entries
    .map((entry) => {
      if (!isRecord(entry)) return typeof entry === "string" ? entry : "";
      const { loc, msg, message } = entry;
      const place = Array.isArray(loc) ? `${loc.join(".")}: ` : "";
      return `${place}${jsonText(msg ?? message ?? entry)}`;
    })
    .filter((text) => text !== "")
    .join("; ");
}

function word<K extends "type" | "code" | "innerCode" | "param">(
  name: K,
  value: unknown,
): { [P in K]?: string } {
  const found: { [P in K]?: string } = {};
  if (typeof value === "number") found[name] = String(value);
  if (typeof value === "string" && value !== "") found[name] = value;
  return found;
}
