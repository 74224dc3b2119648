import type { Dispatcher } from "undici";
import type { Shape, Target } from "./commands.ts";
import { requestBody } from "./request-body.ts";
import type { Tally } from "./tally.ts";

/** How to send one request of a load, prepared once for all of them. */
export interface Call {
  readonly dispatcher: Dispatcher;
  readonly options: Dispatcher.RequestOptions;
  /** SSE events that a complete answer has at least; 0 for a plain answer. */
  readonly eventsMin: number;
}

const lineFeed = 10;

export function prepareCall(dispatcher: Dispatcher, target: Target, shape: Shape): Call {
  const body = requestBody(shape);
  return {
    dispatcher,
    options: {
      path: "/v1/chat/completions",
      method: "POST",
      headers: { "content-type": "application/json", ...target.headers },
      body,
    },
    // The chunks and [DONE].
    eventsMin: shape.chunks === undefined ? 0 : shape.chunks + 1,
  };
}

/** Send one request, read its whole answer and add it to the tally. Never rejects. */
export async function send(call: Call, tally: Tally): Promise<void> {
  try {
    const { statusCode, body } = await call.dispatcher.request(call.options);
    let [bytes, reads, lineFeeds] = [0, 0, 0];
    for await (const piece of body) {
      bytes += piece.length;
      reads += 1;
      if (call.eventsMin > 0) lineFeeds += countLineFeeds(piece);
    }
    if (statusCode !== 200) return tally.fail(`status ${statusCode}`);
    if (bytes === 0) return tally.fail("an empty answer");
    const events = lineFeeds / 2;
    if (events < call.eventsMin) return tally.fail(`${events} events of ${call.eventsMin}`);
    tally.complete(events, reads);
  } catch (error) {
    tally.fail(String(error));
  }
}

/** Every event ends in two line feeds; counting single bytes, none is lost between two reads. */
function countLineFeeds(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}
