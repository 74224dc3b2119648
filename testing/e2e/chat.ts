import { request as httpRequest } from "node:http";

export interface ChatCall {
  /** Without `/v1`. */
  readonly proxyUrl: string;
  readonly key: string;
  /** Default `chat`. */
  readonly model?: string;
  readonly content?: string;
  readonly stream?: boolean;
  /** More of the body. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

/** One chat completion through a pooled connection, as most clients make it. */
export function chat(call: ChatCall): Promise<Response> {
  return fetch(`${call.proxyUrl}/v1/chat/completions`, {
    method: "POST",
    headers: chatHeaders(call),
    body: chatBody(call),
    ...(call.signal && { signal: call.signal }),
  });
}

/** The status alone. Connection failures count as status 0. */
export async function chatStatus(call: ChatCall): Promise<number> {
  try {
    const response = await chat(call);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

export interface ChatAnswer {
  readonly status: number;
  readonly text: string;
}

/** One chat completion on a connection of its own, so that any worker may get it; or on a Unix socket. */
export function chatOver(
  call: ChatCall,
  where: { readonly socketPath?: string } = {},
): Promise<ChatAnswer> {
  const url = new URL(`${call.proxyUrl}/v1/chat/completions`);
  const headers = { ...chatHeaders(call), connection: "close" };
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers, agent: false as const, ...where };
    const request = httpRequest(url, options, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }),
      );
    });
    request.on("error", reject);
    request.end(chatBody(call));
  });
}

export function chatHeaders({ key }: ChatCall) {
  return { authorization: `Bearer ${key}`, "content-type": "application/json" };
}

export function chatBody({ model = "chat", content = "Hi", stream, more }: ChatCall): string {
  const messages = [{ role: "user", content }];
  return JSON.stringify({ model, messages, ...(stream && { stream }), ...more });
}
