import OpenAI7 from "openai";
import OpenAI6 from "openai-6";

/** The official clients, reading an answer that is at hand instead of asking for one. */
export const clients = [
  { name: "openai 7", client: (answer: CannedAnswer) => new OpenAI7(options(answer)) },
  // The two majors have the same methods for all that is tested here.
  {
    name: "openai 6",
    client: (answer: CannedAnswer) => new OpenAI6(options(answer)) as unknown as OpenAI7,
  },
];

export interface CannedAnswer {
  readonly body: string | Uint8Array;
  readonly stream: boolean;
}

function options({ body, stream }: CannedAnswer) {
  const type = stream ? "text/event-stream" : "application/json";
  const fetch = async () =>
    new Response(Uint8Array.from(Buffer.from(body)), { headers: { "content-type": type } });
  return { apiKey: "k", baseURL: "http://127.0.0.1:1/v1", maxRetries: 0, fetch };
}

/** The data of the events of a stream. */
export function eventsOf(text: string): Record<string, unknown>[] {
  return text
    .split(/\r?\n\r?\n/)
    .flatMap((event) => {
      const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      const data = lines.map((line) => line.slice(5).trim()).join("\n");
      return data === "" || data === "[DONE]" ? [] : [data];
    })
    .map((data) => JSON.parse(data));
}
