import { Fault, isRecord, parseJson } from "@headgate/core";
import { anthropicErrorStatus } from "../dialects/anthropic/write-error.ts";
import type { ErrorFields } from "../dialects/dialect.ts";
import { errorBody } from "../dialects/error-body.ts";
import { errorFields } from "../dialects/error-fields.ts";
import { type Endpoint, isAnthropic } from "../http/routes.ts";
import type { ApiError, ErrorAnswer } from "../providers/api-error.ts";
import { one, retryAfterMs } from "../providers/retry-after.ts";
import type { Deployment } from "../routing/routed.ts";
import type { Call } from "./call.ts";
import type { Failure, UpstreamAnswer } from "./failure.ts";
import { failureCause } from "./failure-cause.ts";
import { knownErrorCode } from "./known-error-code.ts";

type Head = Pick<ErrorAnswer, "status" | "headers">;

export interface CallAndDeployment {
  readonly call: Call;
  readonly deployment: Deployment;
}

/**
 * What a provider's refusal means for a call in its own dialect: its JSON is passed on as it is,
 * with its status, where the client's SDK can read it. What is not JSON (a load balancer's HTML,
 * nothing at all) becomes a fault of ours, and so does the refusal of our credential.
 */
export function relayedFailure(answer: ErrorAnswer, tried: CallAndDeployment): Failure {
  const { call, deployment } = tried;
  const error = deployment.vendor.api.classifyError(answer);
  const failure = translatedFailure(error, answer, tried);
  const body = parseJson(answer.body.toString("utf8"));
  if (failure.answer instanceof Fault || !isWellFormed(body, call.endpoint)) return failure;
  const passed: UpstreamAnswer = {
    ...failure.answer,
    status: answer.status,
    headers: [...jsonType, ...relayedRetryHeaders(error, answer)],
    body: answer.body,
    code: knownErrorCode(text(body.error["code"]) ?? text(body.error["type"])),
  };
  return { ...failure, answer: passed };
}

/** The same, told in the client's dialect. No body: the error was told within a 200. */
export function translatedFailure(
  error: ApiError,
  answer: Head & { readonly body?: Buffer },
  { deployment, call }: CallAndDeployment,
): Failure {
  const { provider } = deployment;
  const waits = error.retryAfterMs ?? retryAfterMs(answer.headers);
  const rest = {
    cause: failureCause(error),
    kind: error.kind,
    ...(waits !== undefined && { retryAfterMs: waits }),
  };
  if (error.kind === "credential_rejected" || error.status === 401 || error.status === 403) {
    return { ...rest, answer: credentialsRejected(provider, error.status) };
  }
  if (answer.body && !isJsonError(answer.status, answer.body)) {
    return { ...rest, answer: notAnError(answer, provider) };
  }
  const fields = withOwnStatus(errorFields(error), call.endpoint);
  return {
    ...rest,
    answer: {
      status: fields.status,
      headers: [...jsonType, ...retryHeaders(error, waits)],
      body: Buffer.from(JSON.stringify(errorBody(call.endpoint, fields, call.requestId))),
      code: knownErrorCode(fields.code ?? fields.type),
    },
  };
}

/** Anthropic has a status of its own for being overloaded, which its clients know. */
function withOwnStatus(fields: ErrorFields, endpoint: Endpoint): ErrorFields {
  return isAnthropic(endpoint) ? { ...fields, status: anthropicErrorStatus(fields) } : fields;
}

const jsonType = ["content-type", "application/json"] as const;

/** All that the dialect's official clients read of an error. */
function isWellFormed(
  body: unknown,
  endpoint: Endpoint,
): body is { readonly error: Readonly<Record<string, unknown>> } {
  if (!isRecord(body) || !isRecord(body["error"])) return false;
  if (isAnthropic(endpoint)) return body["type"] === "error";
  const { error } = body;
  const words = [error["message"], error["type"]];
  const orNull = [error["param"], error["code"]];
  return (
    words.every((word) => typeof word === "string") &&
    orNull.every((word) => typeof word === "string" || word === null)
  );
}

/** Redirects are not followed, nor passed on: the client has no business at the provider. */
function isJsonError(status: number, body: Buffer): boolean {
  const value = parseJson(body.toString("utf8"));
  return status >= 400 && status <= 599 && (isRecord(value) || Array.isArray(value));
}

function credentialsRejected(provider: string, status: number): Fault {
  const message = `The provider refused the gateway's credential (${status} from ${provider}): its operator must look.`;
  return new Fault("upstream_credentials_rejected", message);
}

function notAnError({ status, headers }: Head, provider: string): Fault {
  const type = one(headers["content-type"]) ?? "no content type";
  const message = `The provider ${provider} answered ${status} without a JSON error (${type}).`;
  if (status === 429) return new Fault("upstream_rate_limited", message);
  if (status >= 500 && status <= 599) return new Fault("upstream_unavailable", message);
  return new Fault("upstream_invalid_response", message);
}

/**
 * When to come back. A 429 without a word of it gets the pause we ourselves keep. What does not come
 * back by waiting a moment, a spent quota or a wait that openai's client would ignore (it then
 * tries again after half a second), says so. https://github.com/openai/openai-node#retries
 */
function retryHeaders({ kind }: ApiError, waitMs: number | undefined): readonly string[] {
  const limited = kind === "rate_limited" || kind === "quota_spent";
  const wait = waitMs ?? (kind === "rate_limited" ? 1_000 : undefined);
  const headers = wait === undefined ? [] : ["retry-after", String(Math.ceil(wait / 1000))];
  const hopeless = kind === "quota_spent" || (limited && (wait ?? 0) > clientWaitMaxMs);
  return hopeless ? [...headers, "x-should-retry", "false"] : headers;
}

/** The provider's own words for it, where it has any. */
function relayedRetryHeaders(error: ApiError, { headers }: ErrorAnswer): readonly string[] {
  const passed = ["retry-after", "retry-after-ms", "x-should-retry"].flatMap((name) => {
    const value = one(headers[name]);
    return value === undefined || value === "" ? [] : [name, value];
  });
  const waitMs = retryAfterMs(headers);
  const ours = retryHeaders(error, waitMs ?? error.retryAfterMs);
  if (passed.length === 0) return ours;
  const hopeless = ours.includes("x-should-retry") && !passed.includes("x-should-retry");
  const wait = waitMs === undefined && ours[0] === "retry-after" ? ours.slice(0, 2) : [];
  return [...passed, ...wait, ...(hopeless ? ["x-should-retry", "false"] : [])];
}

/** The longest wait that openai's clients obey. */
export const clientWaitMaxMs = 60_000;

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
