import { type ChatResponse, type GenerateResponse, Ollama } from "ollama";
import { ollamaFinish } from "./finish-words.ts";
import { ChoiceDraft, finishedReading, type Reading, type UsageReading } from "./reading.ts";
import type { VendorCall } from "./vendor.ts";

/** What the ollama client makes of an answer. */
export async function readWithOllama({ origin, stream, kind }: VendorCall): Promise<Reading> {
  const client = new Ollama({ host: origin });
  try {
    return kind === "ollama-generate"
      ? await generated(client, stream)
      : await chatted(client, stream);
  } catch (error) {
    // Within a stream it is a plain error, with the server's own words.
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    const status = "status_code" in error ? Number(error.status_code) : 500;
    return { kind: "error", status };
  }
}

async function chatted(client: Ollama, stream: boolean): Promise<Reading> {
  const request = { model: "m", messages: [{ role: "user", content: "Hello" }] };
  const pieces: ChatResponse[] = [];
  if (stream) {
    for await (const piece of await client.chat({ ...request, stream: true })) pieces.push(piece);
  } else pieces.push(await client.chat(request));
  const draft = new ChoiceDraft();
  for (const { message } of pieces) {
    draft.text += message.content;
    draft.reasoning += message.thinking ?? "";
    for (const call of message.tool_calls ?? []) {
      const { name, arguments: input } = call.function;
      draft.toolCalls.push({
        ...("id" in call && { id: String(call.id) }),
        name,
        arguments: input,
      });
    }
  }
  return concluded(draft, pieces.at(-1));
}

async function generated(client: Ollama, stream: boolean): Promise<Reading> {
  const request = { model: "m", prompt: "Hello" };
  const pieces: GenerateResponse[] = [];
  if (stream) {
    const answer = await client.generate({ ...request, stream: true });
    for await (const piece of answer) pieces.push(piece);
  } else pieces.push(await client.generate(request));
  const draft = new ChoiceDraft();
  for (const { response, thinking } of pieces) {
    draft.text += response;
    draft.reasoning += thinking ?? "";
  }
  return concluded(draft, pieces.at(-1));
}

function concluded(draft: ChoiceDraft, last: ChatResponse | GenerateResponse | undefined): Reading {
  if (last?.done) draft.finish = last.done_reason || "stop";
  const { prompt_eval_count: input = 0, eval_count: output = 0 } = last ?? {};
  const usage: UsageReading = { input, output, cachedInput: 0, reasoning: 0 };
  return finishedReading([draft], ollamaFinish, input + output > 0 ? usage : undefined);
}
