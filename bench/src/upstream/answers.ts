/** What the fake provider says: the shape and size of a real one's answers, always the same bytes. */

const usage = { prompt_tokens: 21, completion_tokens: 160, total_tokens: 181 };
const head = { id: "chatcmpl-bench0000000000000000000000", created: 1_760_000_000 };

/** A plain chat answer of about 1 KB. */
export const chatAnswer: Buffer = Buffer.from(
  JSON.stringify({
    ...head,
    object: "chat.completion",
    model: "bench-model",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "The water is shared out. ".repeat(28) },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage,
    system_fingerprint: "fp_bench",
  }),
);

/** One piece of a streamed answer, about 200 bytes on the wire. */
export const streamChunk: Buffer = event({
  ...head,
  object: "chat.completion.chunk",
  model: "bench-model",
  choices: [{ index: 0, delta: { content: " water" }, logprobs: null, finish_reason: null }],
});

/** Sent before the end to whoever asked with `stream_options: {include_usage: true}`. */
export const usageChunk: Buffer = event({
  ...head,
  object: "chat.completion.chunk",
  model: "bench-model",
  choices: [],
  usage,
});

export const streamEnd: Buffer = Buffer.from("data: [DONE]\n\n");

/** The same answer as Anthropic streams it: what is translated is measured with these. */
export const claudeStart: Buffer = Buffer.concat([
  named({
    type: "message_start",
    message: {
      id: "msg_bench0000000000000000000000",
      type: "message",
      role: "assistant",
      model: "bench-model",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: usage.prompt_tokens, output_tokens: 1 },
    },
  }),
  named({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
]);

export const claudeChunk: Buffer = named({
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text: " water" },
});

export const claudeEnd: Buffer = Buffer.concat([
  named({ type: "content_block_stop", index: 0 }),
  named({
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: usage.completion_tokens },
  }),
  named({ type: "message_stop" }),
]);

function named(data: { readonly type: string; readonly [name: string]: unknown }): Buffer {
  return Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
}

function event(data: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
}
