import { isRecord, type NamedEvent, parseJson, rewriteEvent } from "@headgate/core";
import { mendParts } from "./responses-mend-parts.ts";
import { editEventResponse } from "./responses-object.ts";

/**
 * Makes events what the API says they are, where a provider departs from it: clients that build a
 * response from events refuse what is missing or out of order. Events that are right keep their
 * bytes, but for the ids of responses.
 */
export class EventMender {
  readonly #deploymentId: string;
  /** That of the next event. */
  #sequenceNumber = 0;
  /** Content parts of the item at an output index. */
  readonly #parts = new Map<number, number>();
  /** Content parts whose index is off by this much: `${output_index}/${content_index}`. */
  readonly #shifts = new Map<string, number>();

  constructor(deploymentId: string) {
    this.#deploymentId = deploymentId;
  }

  get sequenceNumber(): number {
    return this.#sequenceNumber;
  }

  mend(event: NamedEvent, type: string): Buffer {
    const number = this.#sequenceNumber++;
    if (!event.data) return event.bytes;
    const name = renamed[type];
    let data = this.#mendJson(event.data, name ?? type, name !== undefined);
    data = addMembers(data, type, number);
    if (data.includes('"response"')) data = editEventResponse(data, this.#deploymentId);
    if (data === event.data) return event.bytes;
    return rewriteEvent(event, data, event.name === undefined ? undefined : (name ?? event.name));
  }

  /** What only the parsed event tells. Few are looked at that closely. */
  #mendJson(data: Buffer, type: string, rename: boolean): Buffer {
    const isPart = type === "response.content_part.added" || type === "response.output_item.added";
    if (!isPart && !rename && this.#shifts.size === 0 && !isSuspicious(data)) return data;
    const event = parseJson(data.toString("utf8"));
    if (!isRecord(event)) return data;
    let mended = mendParts(event) ?? event;
    if (rename) mended = { ...mended, type };
    mended = this.#mendIndex(mended, type);
    return mended === event ? data : Buffer.from(JSON.stringify(mended));
  }

  /** Bedrock counts on over all items of an answer, but content parts are counted per item. */
  #mendIndex(event: Json, type: string): Json {
    const { output_index: output, content_index: content, item } = event;
    if (typeof output !== "number") return event;
    if (type === "response.output_item.added") {
      const parts = isRecord(item) && Array.isArray(item["content"]) ? item["content"].length : 0;
      if (this.#parts.size < partsMax) this.#parts.set(output, parts);
      return event;
    }
    if (typeof content !== "number") return event;
    const key = `${output}/${content}`;
    if (type === "response.content_part.added") {
      const parts = this.#parts.get(output);
      if (parts === undefined) return event;
      this.#parts.set(output, parts + 1);
      if (content !== parts && this.#shifts.size < partsMax) this.#shifts.set(key, content - parts);
    }
    const shift = this.#shifts.get(key);
    return shift === undefined ? event : { ...event, content_index: content - shift };
  }
}

type Json = Readonly<Record<string, unknown>>;

/** Items, and shifted parts, that are followed; what comes after goes on as it is. */
const partsMax = 4096;

/** Bedrock has names of its own for the parts of thoughts. */
const renamed: Readonly<Record<string, string>> = {
  "response.reasoning_part.added": "response.content_part.added",
  "response.reasoning_part.done": "response.content_part.done",
};

/** More text parts than lists of logprobs, for one: a suspicion, for the parsed event to settle. */
function isSuspicious(data: Buffer): boolean {
  if (data.includes('"search_context_size":null')) return true;
  const parts = occurrences(data, '"output_text"');
  return parts > 0 && parts > occurrences(data, '"logprobs"');
}

function occurrences(data: Buffer, text: string): number {
  let found = 0;
  for (let at = data.indexOf(text); at >= 0; at = data.indexOf(text, at + text.length)) found += 1;
  return found;
}

const withLogprobs = new Set(["response.output_text.delta", "response.output_text.done"]);

/** Members of the event itself, which older servers left out. */
function addMembers(data: Buffer, type: string, sequenceNumber: number): Buffer {
  const start = data.indexOf("{") + 1;
  // Nothing can be put in before the end of what is empty, or is no object.
  if (start === 0 || !data.includes('"', start)) return data;
  let text = "";
  if (!data.includes('"sequence_number"')) text += `"sequence_number":${sequenceNumber},`;
  if (withLogprobs.has(type) && !data.includes('"logprobs"')) text += '"logprobs":[],';
  if (text === "") return data;
  return Buffer.concat([data.subarray(0, start), Buffer.from(text), data.subarray(start)]);
}
