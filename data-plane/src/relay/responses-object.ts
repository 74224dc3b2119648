import { type Member, parseJson, type Splice, scanMembers, splice } from "@headgate/core";
import { markResponseId } from "./response-ids.ts";

/**
 * The bytes of a response with marked ids, and with the members that the API requires and the
 * provider left out. Everything else stays as it came.
 */
export function editResponse(bytes: Buffer, deploymentId: string): Buffer {
  const edits = responseEdits(bytes, deploymentId);
  return edits.length === 0 ? bytes : Buffer.from(splice(bytes, edits));
}

/** The same for an event that has a response in it. */
export function editEventResponse(data: Buffer, deploymentId: string): Buffer {
  const scanned = scanMembers(data);
  const member = scanned.ok ? scanned.members.get("response") : undefined;
  if (member?.type !== "object") return data;
  const edits = responseEdits(data.subarray(member.start, member.end), deploymentId);
  return edits.length === 0 ? data : Buffer.from(splice(data, edits.map(movedBy(member.start))));
}

function responseEdits(bytes: Buffer, deploymentId: string): readonly Splice[] {
  const scanned = scanMembers(bytes);
  if (!scanned.ok) return [];
  const { members, bodyStart } = scanned;
  const missing = Object.entries(required)
    .filter(([name]) => !members.has(name))
    .map(([name, json]) => `"${name}":${json}`)
    .join();
  const text = scanned.empty || missing === "" ? missing : `${missing},`;
  return [
    ...(text === "" ? [] : [{ start: bodyStart, end: bodyStart, text }]),
    ...markEdit(bytes, members.get("id"), deploymentId),
    ...markEdit(bytes, members.get("previous_response_id"), deploymentId),
    ...formatEdit(bytes, members.get("text")),
  ];
}

function markEdit(bytes: Buffer, member: Member | undefined, deploymentId: string): Splice[] {
  if (member?.type !== "string") return [];
  const { start, end } = member;
  const id = parseJson(bytes.toString("utf8", start, end));
  if (typeof id !== "string") return [];
  return [{ start, end, text: JSON.stringify(markResponseId(id, deploymentId)) }];
}

/** xAI repeats the format of the answer without its name. */
function formatEdit(bytes: Buffer, text: Member | undefined): Splice[] {
  const format = memberWithin(bytes, text, "format");
  const type = memberWithin(bytes, format, "type");
  if (!format || !type || bytes.toString("latin1", type.start, type.end) !== '"json_schema"') {
    return [];
  }
  if (memberWithin(bytes, format, "name")) return [];
  const start = format.start + 1;
  return [{ start, end: start, text: '"name":"response",' }];
}

/** Offsets are those of `bytes`. */
function memberWithin(bytes: Buffer, parent: Member | undefined, name: string): Member | undefined {
  if (parent?.type !== "object") return undefined;
  const scanned = scanMembers(bytes.subarray(parent.start, parent.end));
  const member = scanned.ok ? scanned.members.get(name) : undefined;
  if (!member) return undefined;
  const { type, start, end } = member;
  return { type, start: start + parent.start, end: end + parent.start };
}

function movedBy(offset: number): (edit: Splice) => Splice {
  return ({ start, end, text }) => ({ start: start + offset, end: end + offset, text });
}

/** Members the API's description requires of a response, with what their absence means. */
const required: Readonly<Record<string, string>> = {
  object: '"response"',
  error: "null",
  incomplete_details: "null",
  instructions: "null",
  metadata: "{}",
  output: "[]",
  parallel_tool_calls: "true",
  temperature: "null",
  tool_choice: '"auto"',
  tools: "[]",
  top_p: "null",
};
