import type OpenAI from "openai";
import { APIError } from "openai";
import { ChoiceDraft, finishedReading, type Reading, type UsageReading } from "./reading.ts";

export interface ResponsesCall {
  readonly model: string;
  readonly stream: boolean;
  readonly tools?: OpenAI.Responses.FunctionTool[];
}

/** Asks the Responses API, and reads what comes, in the words of chat. */
export async function readResponses(client: OpenAI, call: ResponsesCall): Promise<Reading> {
  const { model, stream, tools = [] } = call;
  const request = { model, input: "Hello", tools };
  try {
    const response = stream
      ? await lastOf(await client.responses.create({ ...request, stream: true }))
      : await client.responses.create(request);
    return response ? readingOf(response) : { kind: "incomplete", begun: false };
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return { kind: "error", status: error.status ?? 500 };
  }
}

/** The response as the last event that holds one has it: whole, in a stream that is whole. */
async function lastOf(events: AsyncIterable<OpenAI.Responses.ResponseStreamEvent>) {
  let response: OpenAI.Responses.Response | undefined;
  for await (const event of events) if ("response" in event) response = event.response;
  return response;
}

function readingOf({ status, incomplete_details, output, usage }: OpenAI.Responses.Response) {
  const draft = new ChoiceDraft();
  for (const item of output) {
    if (item.type === "message") for (const part of item.content) readPart(part, draft);
    if (item.type !== "function_call") continue;
    const { call_id: id, name, arguments: json } = item;
    draft.toolCalls.push({ id, name, arguments: JSON.parse(json || "{}") });
  }
  if (status === "completed" || status === "incomplete") {
    draft.finish = incomplete_details?.reason ?? status;
  }
  return finishedReading([draft], finishWords, usageOf(usage));
}

function readPart(
  part: OpenAI.Responses.ResponseOutputMessage["content"][number],
  draft: ChoiceDraft,
): void {
  if (part.type === "output_text") draft.text += part.text;
  else if (part.type === "refusal") draft.refusal += part.refusal;
}

function finishWords(native: string, hasToolCalls: boolean) {
  if (native === "max_output_tokens") return "length";
  if (native === "content_filter") return "content_filter";
  return hasToolCalls ? "tool_calls" : "stop";
}

function usageOf(usage: OpenAI.Responses.ResponseUsage | undefined): UsageReading | undefined {
  if (!usage) return undefined;
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cachedInput: usage.input_tokens_details?.cached_tokens ?? 0,
    reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
  };
}
