import { once } from "node:events";
import { type ServerResponse, STATUS_CODES } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "@headgate/core";
import type { Answer, Piece } from "./answer.ts";

/** Plays `answer` on `response`. Stops, without throwing, as soon as `gone` aborts. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  gone: AbortSignal,
): Promise<void> {
  if (answer.delayMs) await systemClock.sleep(answer.delayMs, gone);
  if (gone.aborted) return;
  if (answer.refuse) return void response.destroy();
  if (answer.headDripMs !== undefined) return dripHead(response, answer, answer.headDripMs, gone);
  writeHead(response, answer);
  await writeBody(response, answer, gone);
}

function writeHead(response: ServerResponse, answer: Answer): void {
  response.socket?.setNoDelay(true);
  const headers: Record<string, string | number> = { ...answer.headers };
  const { body } = answer;
  if (isPiece(body) && answer.closeAfter === undefined) {
    headers["content-length"] = Buffer.byteLength(body);
  }
  response.writeHead(answer.status ?? 200, headers);
  if (answer.dripMs || answer.cutAfter === 0) response.flushHeaders();
}

async function writeBody(
  response: ServerResponse,
  answer: Answer,
  gone: AbortSignal,
): Promise<void> {
  const limit = answer.cutAfter ?? answer.closeAfter ?? Number.POSITIVE_INFINITY;
  let sent = 0;
  for (const piece of splitPieces(answer)) {
    if (gone.aborted || sent >= limit) break;
    if (sent > 0) await pauseBetween(answer, gone);
    if (gone.aborted) return;
    const allowed = piece.subarray(0, Math.min(piece.length, limit - sent));
    sent += allowed.length;
    if (!response.write(allowed)) await drained(response, gone);
  }
  if (gone.aborted) return;
  if (answer.cutAfter === undefined) return void response.end();
  // What was written has to leave before the connection is destroyed.
  response.write("", () => response.destroy());
}

/** Each separate write needs a turn of the event loop, or Node sends several as one. */
async function pauseBetween(answer: Answer, gone: AbortSignal): Promise<void> {
  if (answer.dripMs) await systemClock.sleep(answer.dripMs, gone);
  else if (answer.splitEvery) await nextTurn();
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  await once(response, "drain", { signal: gone }).catch(() => {});
}

function* splitPieces({ body, splitEvery }: Answer): Generator<Uint8Array> {
  if (body === undefined) return;
  const whole = isPiece(body) ? [body] : body;
  if (!splitEvery) {
    for (const piece of whole) yield bytesOf(piece);
    return;
  }
  const bytes = isPiece(body) ? bytesOf(body) : Buffer.concat([...whole].map(bytesOf));
  for (let at = 0; at < bytes.length; at += splitEvery) yield bytes.subarray(at, at + splitEvery);
}

/** Writes the head by hand, line by line: node:http has no way to send half of one. */
async function dripHead(
  response: ServerResponse,
  answer: Answer,
  pauseMs: number,
  gone: AbortSignal,
): Promise<void> {
  const { socket } = response;
  if (socket === null) return;
  const status = answer.status ?? 200;
  const headers = { ...answer.headers, connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  for (const line of [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`, ...lines]) {
    socket.write(line);
    await systemClock.sleep(pauseMs, gone);
    if (gone.aborted) return;
  }
  socket.write("\r\n");
  for (const piece of splitPieces(answer)) socket.write(piece);
  socket.end();
}

function isPiece(body: Answer["body"]): body is Piece {
  return typeof body === "string" || body instanceof Uint8Array;
}

function bytesOf(piece: Piece): Uint8Array {
  return typeof piece === "string" ? Buffer.from(piece) : piece;
}
