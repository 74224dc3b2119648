/**
 * Everything that can go wrong with a call, as one closed table: what the client
 * sees is OpenAI's error shape, `{"error": {message, type, param, code}}`.
 *
 * Statuses, types and codes follow OpenAI's error guide, so that its SDKs map
 * them to their own classes and retry what is worth retrying.
 * https://platform.openai.com/docs/guides/error-codes
 */
export const faultTable = {
  invalid_json: row(400, "invalid_request_error"),
  invalid_type: row(400, "invalid_request_error"),
  missing_required_parameter: row(400, "invalid_request_error"),
  invalid_value: row(400, "invalid_request_error"),
  /** Policy `unsupported_parameters: strict`: the provider has nothing like it. */
  unsupported_parameter: row(400, "invalid_request_error"),
  /** Can neither be said to the provider nor left out. */
  unsupported_value: row(400, "invalid_request_error"),
  /** No deployment of the model serves this endpoint. */
  unsupported_endpoint: row(400, "invalid_request_error"),
  /** An image or file could not be fetched for the provider. */
  media_not_fetched: row(400, "invalid_request_error"),
  invalid_http: row(400, "invalid_request_error"),
  invalid_api_key: row(401, "invalid_request_error"),
  model_not_allowed: row(403, "permission_error"),
  unknown_url: row(404, "invalid_request_error"),
  model_not_found: row(404, "invalid_request_error"),
  response_not_found: row(404, "invalid_request_error"),
  method_not_allowed: row(405, "invalid_request_error"),
  request_timeout: row(408, "invalid_request_error"),
  request_too_large: row(413, "invalid_request_error"),
  unsupported_media_type: row(415, "invalid_request_error"),
  headers_too_large: row(431, "invalid_request_error"),
  /** The client went away. Logged, never sent. */
  client_closed: row(499, "invalid_request_error"),
  internal_error: row(500, "server_error"),
  upstream_unavailable: row(502, "server_error"),
  upstream_invalid_response: row(502, "server_error"),
  /** The provider refused our credential: our fault, never shown as the client's 401. */
  upstream_credentials_rejected: row(502, "server_error"),
  /** The provider broke off an answer that had begun. */
  stream_interrupted: row(502, "server_error"),
  not_ready: row(503, "service_unavailable_error"),
  draining: row(503, "service_unavailable_error"),
  no_deployment: row(503, "service_unavailable_error"),
  upstream_timeout: row(504, "server_error"),
  upstream_rate_limited: row(429, "rate_limit_error"),
} as const satisfies Record<string, FaultRow>;

export type FaultCode = keyof typeof faultTable;

/** The one class of failure that reaches a client. Its message is meant to be read by them. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  /** The request parameter at fault, as OpenAI names it, or null. */
  readonly param: string | null;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.param = options.param ?? null;
  }

  get status(): number {
    return faultTable[this.code].status;
  }

  get body(): ErrorBody {
    const { type } = faultTable[this.code];
    return { error: { message: this.message, type, param: this.param, code: this.code } };
  }

  /** Whatever a catch handed over. What we did not foresee stays out of the message. */
  static from(reason: unknown): Fault {
    if (reason instanceof Fault) return reason;
    return new Fault("internal_error", "The gateway failed; the request id tells its log line.", {
      cause: reason,
    });
  }
}

export interface FaultOptions {
  readonly param?: string;
  /** For the log; never sent. */
  readonly cause?: unknown;
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

interface FaultRow {
  readonly status: number;
  readonly type: string;
}

function row(status: number, type: string): FaultRow {
  return { status, type };
}
