import type { IncomingMessage } from "node:http";
import type { Deadlines } from "../upstream/deadlines.ts";

/**
 * Read on what a client still sends of a request that was answered already: one that is cut off
 * while it sends would not see the answer. But not for long, and not for much.
 */
export function discardBody(request: IncomingMessage, deadlines: Deadlines): void {
  if (request.complete || request.destroyed) return;
  request.on("error", () => {});
  let bytes = 0;
  const giveUp = { deadlineMs: deadlines.nowMs + lingerMs, expire: () => request.destroy() };
  deadlines.add(giveUp);
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytes) request.destroy();
  });
  request.once("close", () => deadlines.remove(giveUp));
  request.once("end", () => deadlines.remove(giveUp));
  request.resume();
}

const lingerMs = 10_000;
const lingerBytes = 64 * 1024 * 1024;
