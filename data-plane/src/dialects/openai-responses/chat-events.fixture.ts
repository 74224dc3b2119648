import fc from "fast-check";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { Signature } from "../../chat/chat-request.ts";

/** Streams of events that vendors could send: parts in any order, calls that interleave. */
export function chatEvents(): fc.Arbitrary<readonly ChatEvent[]> {
  return fc
    .record({
      segments: fc.array(
        fc.oneof(
          { weight: 3, arbitrary: texts() },
          { weight: 2, arbitrary: thoughts() },
          { weight: 2, arbitrary: fc.array(call(), { minLength: 1, maxLength: 3 }) },
          redacted(),
          refusal(),
        ),
        { maxLength: 6 },
      ),
      ending: fc.constantFrom("stop", "length", "tool_calls", "content_filter"),
    })
    .map(({ segments, ending }) => {
      let calls = 0;
      const body = segments.flatMap(
        (segment: readonly (ChatEvent | Call)[]): readonly ChatEvent[] => {
          const [first] = segment;
          if (!first || !isCall(first)) return segment.filter(isEvent);
          const made = segment.filter(isCall);
          const start = calls;
          calls += made.length;
          return interleaved(made, start);
        },
      );
      const usage = { inputTokens: 3, outputTokens: 5, cachedInputTokens: 1, reasoningTokens: 2 };
      return [
        { type: "start", id: "answer", model: "vendor-model", createdS: 1_700_000_000 },
        ...body,
        { type: "finish", choice: 0, reason: ending },
        { type: "usage", usage },
      ];
    });
}

interface Call {
  readonly name: string;
  readonly signature: Signature | undefined;
  readonly pieces: readonly string[];
}

function isCall(part: ChatEvent | Call): part is Call {
  return "pieces" in part;
}

function isEvent(part: ChatEvent | Call): part is ChatEvent {
  return !isCall(part);
}

const signature = fc.record({
  vendor: fc.constantFrom("anthropic" as const, "gemini" as const, "other" as const),
  value: fc.string({ minLength: 1, maxLength: 40, unit: "binary" }),
});
const piece = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" });
const end: ChatEvent = { type: "part-end", choice: 0 };

function texts(): fc.Arbitrary<readonly (ChatEvent | Call)[]> {
  return fc
    .record({
      pieces: fc.array(fc.oneof(piece, fc.constant("")), { minLength: 1, maxLength: 4 }),
      cited: fc.boolean(),
      signature: fc.option(signature, { nil: undefined }),
      ended: fc.boolean(),
    })
    .map(({ pieces, cited, signature: sign, ended }) => [
      ...pieces.map((text): ChatEvent => ({ type: "text-delta", choice: 0, text })),
      ...(cited && pieces.some((text) => text !== "") ? [citation] : []),
      ...(sign ? [{ type: "signature" as const, choice: 0, signature: sign }] : []),
      ...(ended ? [end] : []),
    ]);
}

const citation: ChatEvent = {
  type: "citation",
  choice: 0,
  annotation: {
    type: "url_citation",
    url_citation: { url: "https://example.com/", title: "Example", start_index: 0, end_index: 1 },
  },
};

function thoughts(): fc.Arbitrary<readonly (ChatEvent | Call)[]> {
  return fc
    .record({
      pieces: fc.array(piece, { minLength: 1, maxLength: 3 }),
      signature: fc.option(signature, { nil: undefined }),
    })
    .map(({ pieces, signature: sign }) => [
      ...pieces.map((text): ChatEvent => ({ type: "reasoning-delta", choice: 0, text })),
      ...(sign ? [{ type: "signature" as const, choice: 0, signature: sign }] : []),
      end,
    ]);
}

function redacted(): fc.Arbitrary<readonly (ChatEvent | Call)[]> {
  return signature.map((data) => [{ type: "redacted-reasoning", choice: 0, data }]);
}

function refusal(): fc.Arbitrary<readonly (ChatEvent | Call)[]> {
  return piece.map((text) => [{ type: "refusal-delta", choice: 0, text }, end]);
}

function call(): fc.Arbitrary<Call> {
  return fc.record({
    name: fc.constantFrom("lookup", "patch"),
    signature: fc.option(signature, { nil: undefined }),
    pieces: fc.constantFrom([], ['{"input"', ':"a\\n', 'b"}'], ['{"input":"x"}']),
  });
}

/** All calls start, then their arguments come in turns. */
function interleaved(calls: readonly Call[], first: number): readonly ChatEvent[] {
  const starts = calls.map(
    ({ name, signature: sign }, at): ChatEvent => ({
      type: "tool-call-start",
      choice: 0,
      index: first + at,
      id: `call_${first + at}`,
      name,
      ...(sign && { signature: sign }),
    }),
  );
  const longest = Math.max(...calls.map(({ pieces }) => pieces.length));
  const deltas = Array.from({ length: longest }, (_, turn) =>
    calls.flatMap(({ pieces }, at): ChatEvent[] => {
      const text = pieces[turn];
      if (text === undefined) return [];
      return [{ type: "tool-call-delta", choice: 0, index: first + at, arguments: text }];
    }),
  );
  return [...starts, ...deltas.flat()];
}
