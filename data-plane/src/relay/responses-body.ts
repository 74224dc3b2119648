import { isRecord, type Member, parseJson, type Splice, splice } from "@headgate/core";
import { isEnvelope } from "../dialects/openai-responses/reasoning-envelope.ts";
import { readResponseId } from "./response-ids.ts";
import { type ModelPlace, spliceModel } from "./splice-model.ts";

/** A request's body with the places of its members. */
export interface ResponsesBody extends ModelPlace {
  readonly members: ReadonlyMap<string, Member>;
}

/**
 * The body as it goes to a provider that speaks the Responses API itself: with its own name of the
 * model and its own id of the previous response. All other bytes stay as the client wrote them,
 * unless there are thoughts of another vendor among the input: we wrote those, and no one else can
 * read them.
 */
export function upstreamResponsesBody(body: ResponsesBody, upstreamModel: string): Uint8Array {
  const edits = [spliceModel(body, upstreamModel), splicePrevious(body), spliceInput(body)].filter(
    (edit) => edit !== undefined,
  );
  return splice(body.bytes, edits);
}

function splicePrevious({ bytes, members }: ResponsesBody): Splice | undefined {
  const member = members.get("previous_response_id");
  if (member?.type !== "string") return undefined;
  const id = parseJson(textOf(bytes, member));
  const marked = typeof id === "string" ? readResponseId(id) : undefined;
  if (!marked) return undefined;
  return { start: member.start, end: member.end, text: JSON.stringify(marked.original) };
}

function spliceInput({ bytes, members }: ResponsesBody): Splice | undefined {
  const member = members.get("input");
  if (member?.type !== "array") return undefined;
  const text = viewOf(bytes, member);
  if (!text.includes('"encrypted_content"')) return undefined;
  const items = parseJson(text.toString("utf8"));
  if (!Array.isArray(items)) return undefined;
  const kept = items.filter((item) => !(isRecord(item) && isEnvelope(item["encrypted_content"])));
  if (kept.length === items.length) return undefined;
  return { start: member.start, end: member.end, text: JSON.stringify(kept) };
}

function viewOf(bytes: Uint8Array, { start, end }: Member): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}

function textOf(bytes: Uint8Array, member: Member): string {
  return viewOf(bytes, member).toString("utf8");
}
