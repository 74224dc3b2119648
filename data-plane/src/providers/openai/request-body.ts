import { type Member, type Splice, scanMembers, splice } from "@headgate/core";
import { type ModelPlace, spliceModel } from "../../relay/splice-model.ts";

/** A request's body with the members that decide how it goes out. */
export interface OpenAiRequest extends ModelPlace {
  readonly stream: boolean;
  readonly streamOptions: Member | undefined;
}

/**
 * The body as it goes to the provider: the public model name replaced by the provider's own, and
 * usage asked for in streams. All other bytes stay as the client wrote them.
 */
export function upstreamBody(request: OpenAiRequest, upstreamModel: string): Uint8Array {
  const edits = [
    spliceModel(request, upstreamModel),
    request.stream ? askForUsage(request) : undefined,
  ].filter((edit) => edit !== undefined);
  return splice(request.bytes, edits);
}

/** Whether the client itself asked for the usage event. */
export function asksForUsage({ bytes, streamOptions }: OpenAiRequest): boolean {
  const option = includeUsage(bytes, streamOptions);
  if (option === undefined || streamOptions === undefined) return false;
  return bytes[streamOptions.start + option.start] === 0x74; // "true"
}

function askForUsage(request: OpenAiRequest): Splice | undefined {
  const { bytes, streamOptions, bodyStart } = request;
  if (asksForUsage(request)) return undefined;
  if (streamOptions === undefined) {
    const text = '"stream_options":{"include_usage":true},';
    return { start: bodyStart, end: bodyStart, text };
  }
  const { start, end } = streamOptions;
  if (streamOptions.type !== "object") return { start, end, text: '{"include_usage":true}' };
  const option = includeUsage(bytes, streamOptions);
  if (option) return { start: start + option.start, end: start + option.end, text: "true" };
  const scanned = scanMembers(bytes.subarray(start, end));
  const comma = scanned.ok && scanned.empty ? "" : ",";
  return { start: start + 1, end: start + 1, text: `"include_usage":true${comma}` };
}

/** Offsets are relative to the stream_options object. */
function includeUsage(bytes: Uint8Array, options: Member | undefined): Member | undefined {
  if (options?.type !== "object") return undefined;
  const scanned = scanMembers(bytes.subarray(options.start, options.end));
  return scanned.ok ? scanned.members.get("include_usage") : undefined;
}
