import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import type { NodeCredentials } from "./node-credentials.ts";

/**
 * Puts the node's token on every call. `plain` is a transport to the same replica that does not: the
 * token itself is gotten over it.
 */
export function nodeTokenInterceptor(credentials: NodeCredentials, plain: Transport): Interceptor {
  return (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await credentials.bearer(plain)}`);
    // It may have been deleted, or the store restored: the next attempt starts over.
    const onError = (error: unknown) => {
      if (ConnectError.from(error).code === Code.Unauthenticated) credentials.forget();
    };
    try {
      const response = await next(request);
      return response.stream
        ? { ...response, message: observed(response.message, onError) }
        : response;
    } catch (error) {
      onError(error);
      throw error;
    }
  };
}

/** The same messages; a failure while they come is told, too. */
async function* observed<T>(
  messages: AsyncIterable<T>,
  onError: (error: unknown) => void,
): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    onError(error);
    throw error;
  }
}
