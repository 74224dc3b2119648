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

function event(data: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
}
