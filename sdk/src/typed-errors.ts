import type { DescMessage } from "@bufbuild/protobuf";
import type { StreamResponse, Transport } from "@connectrpc/connect";
import { adminErrorFrom } from "./admin-error.ts";

/** The same transport, failing with the classes of admin-error.ts. */
export function withTypedErrors(transport: Transport): Transport {
  return {
    unary: (...call) => typed(() => transport.unary(...call)),
    stream: async (...call) => typedStream(await typed(() => transport.stream(...call))),
  };
}

async function typed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (reason) {
    throw adminErrorFrom(reason);
  }
}

function typedStream<I extends DescMessage, O extends DescMessage>(
  response: StreamResponse<I, O>,
): StreamResponse<I, O> {
  return { ...response, message: typedMessages(response.message) };
}

async function* typedMessages<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (reason) {
    throw adminErrorFrom(reason);
  }
}
