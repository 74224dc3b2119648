import type { ServerResponse } from "node:http";
import type { Fault } from "@headgate/core";

/** Answer with JSON, once. `headers` are name, value, name, value. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: readonly string[] = [],
): void {
  sendBytes(response, status, Buffer.from(JSON.stringify(body)), [
    "content-type",
    "application/json",
    ...headers,
  ]);
}

/** Answer with bytes whose content-type is among `headers`. */
export function sendBytes(
  response: ServerResponse,
  status: number,
  body: Buffer,
  headers: readonly string[],
): void {
  response.writeHead(status, [...headers, "content-length", String(body.length)]);
  if (body.length > joinedBytesMax) response.end(body);
  // As a string of bytes it leaves with the head in one write instead of two.
  else response.end(body.toString("latin1"), "latin1");
}

/** Beyond this, copying costs more than a second piece in a gathering write. */
const joinedBytesMax = 16 * 1024;

/** Answer with a fault of ours, in OpenAI's shape. */
export function sendFault(
  response: ServerResponse,
  fault: Fault,
  headers: readonly string[] = [],
): void {
  sendJson(response, fault.status, fault.body, [...headers, "x-headgate-error-source", "gateway"]);
}
