import { type NamedEvent, parseJson, scanMembers } from "@headgate/core";

/** What an event says it is. Not all providers name it outside of its data. */
export function typeOfEvent({ name, data }: NamedEvent): string | undefined {
  if (name !== undefined && (name === "error" || name.startsWith("response."))) return name;
  if (!data || data.length === 0) return name;
  const scanned = scanMembers(data);
  if (!scanned.ok) return name;
  const member = scanned.members.get("type");
  if (member?.type === "string") {
    const type = parseJson(data.toString("utf8", member.start, member.end));
    if (typeof type === "string") return type;
  }
  // Servers that know no better send the error alone.
  const error = scanned.members.get("error");
  return error !== undefined && error.type !== "null" ? "error" : name;
}
