import type { IncomingMessage } from "node:http";
import { Fault } from "@headgate/core";

/**
 * Read a request's whole body, refusing it before it is buffered where its length is declared, and
 * as soon as it is too long where it is not.
 *
 * @throws {Fault} request_too_large, unsupported_media_type, or client_closed if the client went
 * away in the middle.
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const refusal = refuseHead(request, bytesMax);
  if (refusal) return Promise.reject(refusal);
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);

    function onData(chunk: Buffer): void {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        request.pause();
        settle(() => reject(tooLarge(bytesMax)));
      } else {
        chunks.push(chunk);
      }
    }

    function onEnd(): void {
      const [only] = chunks;
      const body = chunks.length === 1 && only ? only : Buffer.concat(chunks, bytes);
      settle(() => resolve(body));
    }

    function onClose(cause?: Error): void {
      const message = "The client closed the connection within its request.";
      settle(() => reject(new Fault("client_closed", message, { cause })));
    }

    /** Leave nothing on the request: it lives as long as its answer, and must not keep the body. */
    function settle(outcome: () => void): void {
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      chunks = [];
      outcome();
    }
  });
}

/** What is wrong with a request by its headers alone. */
export function refuseHead(request: IncomingMessage, bytesMax: number): Fault | undefined {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return tooLarge(bytesMax);
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    const message = `Content-Encoding ${encoding} is not supported: send the body uncompressed.`;
    return new Fault("unsupported_media_type", message);
  }
  const type = request.headers["content-type"];
  if (type !== undefined && !jsonType.test(type)) {
    const message = `Content-Type ${type} is not supported: send application/json.`;
    return new Fault("unsupported_media_type", message);
  }
  return undefined;
}

const jsonType = /^\s*application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i;

function tooLarge(bytesMax: number): Fault {
  return new Fault(
    "request_too_large",
    `The body is larger than ${bytesMax} bytes, the most allowed.`,
  );
}
