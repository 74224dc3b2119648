import { once } from "node:events";
import { request as httpRequest } from "node:http";
import {
  BedrockRuntimeClient,
  BedrockRuntimeServiceException,
  type ContentBlock,
  ConverseCommand,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  type TokenUsage,
} from "@aws-sdk/client-bedrock-runtime";
import { bedrockFinish } from "./finish-words.ts";
import { ChoiceDraft, finishedReading, type Reading, type UsageReading } from "./reading.ts";
import type { VendorCall } from "./vendor.ts";

/** What @aws-sdk/client-bedrock-runtime makes of an answer of Converse. */
export async function readWithBedrock({ origin, stream }: VendorCall): Promise<Reading> {
  const client = new BedrockRuntimeClient({
    endpoint: origin,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
    maxAttempts: 1,
    requestHandler: { handle: sendOverHttp1 },
  });
  try {
    return stream ? await streamed(client) : await whole(client);
  } catch (error) {
    if (!(error instanceof BedrockRuntimeServiceException)) throw error;
    const status = error.$metadata?.httpStatusCode ?? 500;
    return { kind: "error", status };
  } finally {
    client.destroy();
  }
}

/** The client's own handler insists on HTTP/2, which the fake provider does not speak. */
async function sendOverHttp1(request: WireRequest): Promise<{ readonly response: unknown }> {
  const { method, hostname, port, path, headers, body } = request;
  const sent = httpRequest({ method, hostname, port, path, headers });
  sent.end(body);
  const [answer] = await once(sent, "response");
  return { response: { statusCode: answer.statusCode, headers: answer.headers, body: answer } };
}

/** What of the client's request matters here. */
interface WireRequest {
  readonly method: string;
  readonly hostname: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const request = {
  modelId: "m",
  messages: [{ role: "user" as const, content: [{ text: "Hello" }] }],
};

async function whole(client: BedrockRuntimeClient): Promise<Reading> {
  const answer = await client.send(new ConverseCommand(request));
  const draft = new ChoiceDraft();
  for (const block of answer.output?.message?.content ?? []) readBlock(block, draft);
  draft.finish = answer.stopReason;
  return finishedReading([draft], bedrockFinish, usageOf(answer.usage));
}

function readBlock(block: ContentBlock, draft: ChoiceDraft): void {
  draft.text += block.text ?? "";
  draft.reasoning += block.reasoningContent?.reasoningText?.text ?? "";
  if (block.toolUse && block.toolUse.type !== "server_tool_use") {
    const { toolUseId = "", name = "", input } = block.toolUse;
    draft.toolCalls.push({ id: toolUseId, name, arguments: input });
  }
}

async function streamed(client: BedrockRuntimeClient): Promise<Reading> {
  const answer = await client.send(new ConverseStreamCommand(request));
  const draft = new ChoiceDraft();
  const calls = new Map<number, OpenCall>();
  let usage: UsageReading | undefined;
  for await (const event of answer.stream ?? []) {
    readEvent(event, draft, calls);
    usage = usageOf(event.metadata?.usage) ?? usage;
  }
  for (const { id, name, json } of calls.values()) {
    draft.toolCalls.push({ id, name, arguments: JSON.parse(json || "{}") });
  }
  return finishedReading([draft], bedrockFinish, usage);
}

interface OpenCall {
  readonly id: string;
  readonly name: string;
  json: string;
}

function readEvent(
  event: ConverseStreamOutput,
  draft: ChoiceDraft,
  calls: Map<number, OpenCall>,
): void {
  const { contentBlockStart, contentBlockDelta, messageStop } = event;
  const tool = contentBlockStart?.start?.toolUse;
  if (tool && tool.type !== "server_tool_use") {
    const { toolUseId: id = "", name = "" } = tool;
    calls.set(contentBlockStart?.contentBlockIndex ?? 0, { id, name, json: "" });
  }
  const delta = contentBlockDelta?.delta;
  draft.text += delta?.text ?? "";
  draft.reasoning += delta?.reasoningContent?.text ?? "";
  const call = calls.get(contentBlockDelta?.contentBlockIndex ?? 0);
  if (call) call.json += delta?.toolUse?.input ?? "";
  if (messageStop) draft.finish = messageStop.stopReason;
}

function usageOf(usage: TokenUsage | undefined): UsageReading | undefined {
  if (usage === undefined) return undefined;
  const cachedInput = usage.cacheReadInputTokens ?? 0;
  const written = usage.cacheWriteInputTokens ?? 0;
  const input = (usage.inputTokens ?? 0) + cachedInput + written;
  return { input, output: usage.outputTokens ?? 0, cachedInput, reasoning: 0 };
}
