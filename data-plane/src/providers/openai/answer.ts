import { isRecord } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import { ChunkReader } from "./chunk-reader.ts";

/** The events of a whole answer; of what is none, nothing. */
export function readAnswer(body: unknown): readonly ChatEvent[] {
  if (!isRecord(body)) return [];
  return new ChunkReader("message").read(body);
}
