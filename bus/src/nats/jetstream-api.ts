import { isRecord, parseJson } from "@headgate/core";
import type { Msg } from "nats";
import type { NatsRequests } from "./nats-requests.ts";

/** Those of its error codes that we tell apart. Source: nats-server/server/errors.json */
export const jetStreamErrors = {
  consumerNotFound: 10014,
  messageNotFound: 10037,
  streamNameInUse: 10058,
  streamNotFound: 10059,
  wrongStream: 10060,
  subjectsOverlap: 10065,
  filterNotSubset: 10093,
} as const;

/** JetStream said no. */
export class JetStreamError extends Error {
  override readonly name = "JetStreamError";
  /** As in HTTP: 404, 503 ... */
  readonly status: number;
  readonly code: number;

  constructor(description: string, { status, code }: { status: number; code: number }) {
    super(`JetStream says: ${description} (${code})`);
    this.status = status;
    this.code = code;
  }
}

/** JetStream's own requests, of what servers from 2.9 know. */
export class JetStreamApi {
  readonly #requests: NatsRequests;
  readonly #timeoutMs: number;

  constructor(requests: NatsRequests, timeoutMs: number) {
    this.#requests = requests;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {JetStreamError}, and what NatsRequests throw. */
  async call(path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
    const subject = `$JS.API.${path}`;
    const data = new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body));
    const timeoutMs = this.#timeoutMs;
    return answerFrom(await this.#requests.ask({ subject, about: subject, data, timeoutMs }));
  }
}

/** @throws {JetStreamError} */
export function answerFrom(message: Msg): Readonly<Record<string, unknown>> {
  const answer = parseJson(new TextDecoder().decode(message.data));
  if (!isRecord(answer)) throw new JetStreamError("no JSON object", { status: 500, code: 0 });
  const { error } = answer;
  if (!isRecord(error)) return answer;
  const { code: status, err_code: code, description } = error;
  throw new JetStreamError(String(description), { status: Number(status), code: Number(code) });
}

export function isJetStreamError(error: unknown, code: keyof typeof jetStreamErrors): boolean {
  return error instanceof JetStreamError && error.code === jetStreamErrors[code];
}
