import type { UniversalServerResponse } from "@connectrpc/connect/protocol";

/**
 * The message of a gRPC error, encoded no more than the protocol asks (percent signs, and what is not
 * printable ASCII). Connect encodes `,`, `:` and others besides, which any client may have to undo and
 * @grpc/grpc-js does not: its users would read `team a does not exist%3A make it first`.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses, "Percent-Encoded"
 */
export function withPlainGrpcMessage(response: UniversalServerResponse): UniversalServerResponse {
  const { body, trailer } = response;
  if (!body || !trailer) return response;
  return { ...response, body: thenMend(body, trailer) };
}

/** The trailer is complete when the body is. */
async function* thenMend(body: AsyncIterable<Uint8Array>, trailer: Headers) {
  yield* body;
  const message = trailer.get("grpc-message");
  if (message !== null) trailer.set("grpc-message", mendGrpcMessage(message));
}

export function mendGrpcMessage(encoded: string): string {
  return encoded.replace(/%([2-7][0-9A-Fa-f])/g, (sequence, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return character === "%" || character === "\x7f" ? sequence : character;
  });
}
