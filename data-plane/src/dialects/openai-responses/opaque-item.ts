import { isRecord } from "@headgate/core";
import type { OpaquePart } from "../../chat/chat-request.ts";
import type { Json } from "../members.ts";

/** An output item of this dialect that went through as it was; those of others no client here reads. */
export function opaqueItem({
  dialect,
  value,
}: Pick<OpaquePart, "dialect" | "value">): Json | undefined {
  if (dialect !== "responses" || !isRecord(value)) return undefined;
  return typeof value["type"] === "string" && typeof value["id"] === "string" ? value : undefined;
}
