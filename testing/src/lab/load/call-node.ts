import { labKey, labModel } from "../lab-resources.ts";

export interface NodeCall {
  /** Where the node's proxy is. */
  readonly url: string;
  /** Tells the call apart at the provider. */
  readonly number: number;
  readonly stream: boolean;
  readonly timeoutMs: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

/** One chat completion, read to its end. Undefined when it was answered in full, else why not. */
export async function callNode(call: NodeCall): Promise<string | undefined> {
  const late = AbortSignal.timeout(call.timeoutMs);
  try {
    const response = await fetch(`${call.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${labKey}`, "content-type": "application/json" },
      body: bodyOf(call),
      signal: call.signal ? AbortSignal.any([late, call.signal]) : late,
    });
    const text = await response.text();
    if (!response.ok) return `status ${response.status}${codeOf(text)}`;
    const whole = call.stream ? text.trimEnd().endsWith("data: [DONE]") : isCompletion(text);
    return whole ? undefined : "answer is not whole";
  } catch (error) {
    if (call.signal?.aborted) return "given up";
    return reasonOf(error, call.timeoutMs);
  }
}

function bodyOf({ number, stream }: NodeCall): string {
  const messages = [{ role: "user", content: `lab-call-${number}` }];
  return JSON.stringify({ model: labModel, messages, stream, max_tokens: 16 });
}

function codeOf(text: string): string {
  try {
    return ` ${JSON.parse(text).error.code ?? JSON.parse(text).error.type}`;
  } catch {
    return "";
  }
}

function isCompletion(text: string): boolean {
  try {
    return JSON.parse(text).choices.length > 0;
  } catch {
    return false;
  }
}

/** The system's word for it where there is one: `ECONNREFUSED`. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer in ${timeoutMs} ms`;
  const { cause } = error;
  if (cause instanceof Error) return "code" in cause ? String(cause.code) : cause.message;
  return error.message;
}
