import {
  type Caller,
  type CallerOf,
  CallFailed,
  type Failure,
  type Json,
  serviceName,
} from "./caller.ts";

/** What curl, or any program without a library, does: JSON by POST. */
export const fetchCaller: CallerOf = {
  name: "plain fetch, JSON",
  connect: async ({ adminUrl }) => callerOf(`${adminUrl}/${serviceName}`),
};

function callerOf(url: string): Caller {
  return {
    call: async (method, request, token) => {
      const body = JSON.stringify(request);
      const response = await post(`${url}/${method}`, { body, token, type: "application/json" });
      const answer: unknown = await response.json();
      return response.ok ? { answer: answer as Json } : failureFrom(answer as Json); // It is JSON.
    },
    stream: (method, request, token) => streamOf(`${url}/${method}`, request, token),
    close: () => undefined,
  };
}

/** Connect's streams: each message, also the request, behind a byte of flags and four of its length. */
async function* streamOf(url: string, request: Json, token?: string): AsyncGenerator<Json> {
  const leave = new AbortController();
  const body = enveloped(JSON.stringify(request));
  const type = "application/connect+json";
  const response = await post(url, { body, token, type, signal: leave.signal });
  try {
    let bytes = Buffer.alloc(0);
    for await (const chunk of response.body ?? []) {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
        const end = 5 + bytes.readUInt32BE(1);
        const message = JSON.parse(bytes.toString("utf8", 5, end));
        if (bytes[0] === 2) {
          if (message.error) throw new CallFailed(failureFrom(message.error));
          return;
        }
        yield message;
        bytes = bytes.subarray(end);
      }
    }
  } finally {
    leave.abort();
  }
}

function enveloped(text: string): Buffer<ArrayBuffer> {
  const message = Buffer.from(text);
  const envelope = Buffer.alloc(5 + message.length);
  envelope.writeUInt32BE(message.length, 1);
  message.copy(envelope, 5);
  return envelope;
}

interface Post {
  readonly body: string | Buffer<ArrayBuffer>;
  readonly token: string | undefined;
  readonly type: string;
  readonly signal?: AbortSignal;
}

function post(url: string, { body, token, type, signal }: Post): Promise<Response> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { "content-type": type, ...authorization };
  return fetch(url, { method: "POST", headers, body, ...(signal && { signal }) });
}

function failureFrom({ code, message = "" }: Json): Failure {
  return { code: String(code), message: String(message) };
}
