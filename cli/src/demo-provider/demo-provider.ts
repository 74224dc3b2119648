import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@headgate/core";
import { type AnswerIdentity, type ChatRequest, chatChunks, chatCompletion } from "./chat.ts";
import { type CompletionRequest, completion, completionChunks } from "./completion.ts";
import { type EmbeddingsRequest, embeddings } from "./embeddings.ts";
import { InvalidRequest } from "./invalid-request.ts";

/** A request body above this is refused: the demo is no place for large inputs. */
const bodyMaxBytes = 8 * 1024 * 1024;

/** The models it lists. It answers any name. */
const listedModels = ["demo", "demo-embedding"];

export interface DemoProviderOptions {
  readonly host?: string;
  /** 0: a free port. */
  readonly port?: number;
  /** Pause between the pieces of a stream, so that a stream looks like one. Default: 20 ms. */
  readonly chunkDelayMs?: number;
  readonly clock?: Clock;
}

export interface DemoProvider {
  /** What goes into a provider's base_url. */
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/**
 * A provider that needs no account: it speaks OpenAI's HTTP and makes its answers up.
 * The same question always gets the same answer and the same usage.
 */
export async function startDemoProvider(options: DemoProviderOptions = {}): Promise<DemoProvider> {
  const clock = options.clock ?? systemClock;
  const host = options.host ?? "127.0.0.1";
  const context: Context = { clock, chunkDelayMs: options.chunkDelayMs ?? 20, answers: 0 };
  const server = createServer((request, response) => {
    answer(request, response, context).catch((error: unknown) => fail(response, error));
  });
  await listen(server, host, options.port ?? 0);
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://${host.includes(":") ? `[${host}]` : host}:${port}/v1`,
    stop: () => stop(server),
  };
}

interface Context {
  readonly clock: Clock;
  readonly chunkDelayMs: number;
  /** Counts answers; makes their ids. */
  answers: number;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  const path = (request.url ?? "/").replace(/\?.*$/, "");
  const identity = nextIdentity(context);
  switch (`${request.method} ${path}`) {
    case "GET /v1/models":
      return sendJson(response, 200, modelList());
    case "POST /v1/chat/completions": {
      const body = await readJson<ChatRequest>(request);
      return body.stream === true
        ? sendEvents(response, chatChunks(body, identity), context)
        : sendJson(response, 200, chatCompletion(body, identity));
    }
    case "POST /v1/completions": {
      const body = await readJson<CompletionRequest>(request);
      return body.stream === true
        ? sendEvents(response, completionChunks(body, identity), context)
        : sendJson(response, 200, completion(body, identity));
    }
    case "POST /v1/embeddings":
      return sendJson(response, 200, embeddings(await readJson<EmbeddingsRequest>(request)));
    default:
      request.resume();
      return sendJson(response, 404, errorBody(`no such route: ${request.method} ${path}`));
  }
}

function nextIdentity(context: Context): AnswerIdentity {
  context.answers += 1;
  return { id: `demo-${context.answers}`, created: Math.floor(context.clock.wallTimeMs() / 1000) };
}

function modelList(): object {
  const data = listedModels.map((id) => ({
    id,
    object: "model",
    created: 0,
    owned_by: "headgate",
  }));
  return { object: "list", data };
}

/** The type is what well-formed requests have; the answers check what they depend on. */
async function readJson<T extends object>(request: IncomingMessage): Promise<T> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bodyMaxBytes) throw new InvalidRequest(`the body is over ${bodyMaxBytes} bytes`);
    pieces.push(piece);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as T;
  } catch {
    // Falls through: not JSON and not an object get the same answer.
  }
  throw new InvalidRequest("the body is not a JSON object");
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** Stops between two events when the client has gone. */
async function sendEvents(
  response: ServerResponse,
  events: Iterable<object>,
  { clock, chunkDelayMs }: Context,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  for (const event of events) {
    response.write(`data: ${JSON.stringify(event)}\n\n`);
    if (chunkDelayMs > 0) await clock.sleep(chunkDelayMs, gone.signal);
    if (gone.signal.aborted) return;
  }
  response.end("data: [DONE]\n\n");
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known = error instanceof InvalidRequest;
  sendJson(
    response,
    known ? 400 : 500,
    errorBody(known ? error.message : "the demo provider failed"),
  );
}

function errorBody(message: string): object {
  return { error: { message, type: "invalid_request_error", param: null, code: null } };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
