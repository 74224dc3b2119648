import { type Answer, jsonAnswer } from "@headgate/testing";

/** What Anthropic's API says, for tests of what becomes of it. */

const usage = { input_tokens: 10, cache_read_input_tokens: 4, cache_creation_input_tokens: 0 };
const message = {
  id: "msg_test",
  type: "message",
  role: "assistant",
  model: "claude-test-1",
  stop_sequence: null,
};

export function claudeText(text: string): Answer {
  const content = [{ type: "text", text }];
  const said = { ...message, content, stop_reason: "end_turn" };
  return jsonAnswer({ ...said, usage: { ...usage, output_tokens: 5 } });
}

/** The events of a stream; cut it, or put others in, as a test wants. */
export function claudeEvents(...texts: readonly string[]): string[] {
  return [
    event({
      type: "message_start",
      message: {
        ...message,
        content: [],
        stop_reason: null,
        usage: { ...usage, output_tokens: 1 },
      },
    }),
    event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    ...texts.map((text) =>
      event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    ),
    event({ type: "content_block_stop", index: 0 }),
    event({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 5 },
    }),
    event({ type: "message_stop" }),
  ];
}

export function claudeStream(events: readonly string[], more: Answer = {}): Answer {
  return { headers: { "content-type": "text/event-stream" }, body: events, ...more };
}

export function claudeError(status: number, type: string, text: string): Answer {
  return jsonAnswer({ type: "error", error: { type, message: text } }, { status });
}

export const overloadedEvent = event({
  type: "error",
  error: { type: "overloaded_error", message: "Overloaded" },
});

function event(data: { readonly type: string; readonly [name: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}
