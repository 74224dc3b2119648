import type { OpenAiSchema, OpenAiShape } from "@headgate/testing/openai-schema";
import OpenAI from "openai";

/** The official client, with all that it received kept to be judged. */
export class JudgedClient {
  readonly client: OpenAI;
  readonly #answers: Received[] = [];

  constructor(options: { readonly baseURL: string; readonly apiKey: string }) {
    this.client = new OpenAI({
      ...options,
      maxRetries: 0,
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        const text = await response.text();
        this.#answers.push(received(response, text));
        // The client stops reading at an error; what came after it is to be judged too.
        return new Response(text, { status: response.status, headers: response.headers });
      },
    });
  }

  /** What of the answers so far does not fit OpenAI's description of them; forgets the answers. */
  problems(schema: OpenAiSchema | undefined, shapes: Shapes): readonly string[] {
    return this.#answers
      .splice(0)
      .flatMap((answer) => [
        ...(answer.requestId ? [] : ["no x-request-id"]),
        ...(schema ? claimsOf(answer, shapes) : []).flatMap(
          ([shape, value]) => schema?.problems(shape, value) ?? [],
        ),
        ...streamProblems(answer, shapes),
      ]);
  }
}

export interface Shapes {
  readonly whole: OpenAiShape;
  readonly piece: OpenAiShape;
}

interface Received {
  readonly status: number;
  readonly isStream: boolean;
  readonly requestId: string | null;
  readonly text: string;
}

function received({ status, headers }: Response, text: string): Received {
  const isStream = (headers.get("content-type") ?? "").startsWith("text/event-stream");
  return { status, isStream, requestId: headers.get("x-request-id"), text };
}

function claimsOf(answer: Received, shapes: Shapes): readonly (readonly [OpenAiShape, unknown])[] {
  const { status, isStream, text } = answer;
  if (!isStream) return [[status < 400 ? shapes.whole : "error", JSON.parse(text)]];
  return dataOf(text)
    .filter((data) => data !== "[DONE]")
    .map((data): unknown => JSON.parse(data))
    .map((value) => [isError(value) ? "error" : shapes.piece, value]);
}

/**
 * Heartbeats are comments, and nothing but data comes besides; chat ends in `[DONE]` or an error,
 * a response, whose events have names, with the response itself or an error.
 */
function streamProblems({ isStream, text }: Received, { piece }: Shapes): readonly string[] {
  if (!isStream) return [];
  const allowed = piece === "response-event" ? /^(?:data: |event: |:)/ : /^(?:data: |:)/;
  const lines = text.split(/\r?\n/).filter((line) => line !== "" && !allowed.test(line));
  const last = dataOf(text).at(-1) ?? "";
  const ended = ends[piece === "response-event" ? "response" : "chat"].test(last);
  return [...lines, ...(ended ? [] : [`the stream ends with ${last}`])];
}

const ends = {
  chat: /^(?:\[DONE\]$|\{"error":)/,
  response: /^\{"type":"(?:response\.(?:completed|incomplete|failed)|error)"/,
} as const;

function dataOf(text: string): readonly string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data);
}

function isError(value: unknown): boolean {
  return typeof value === "object" && value !== null && "error" in value;
}
