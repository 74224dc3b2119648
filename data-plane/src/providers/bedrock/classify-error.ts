import { isRecord, jsonText, parseJson } from "@headgate/core";
import type { ApiError, ApiErrorKind, ErrorAnswer } from "../api-error.ts";
import { kindOfStatus } from "../kind-of-status.ts";
import { one, retryAfterMs } from "../retry-after.ts";

/**
 * Bedrock names its errors in a header (`ValidationException:http://internal...`), or in the body.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
 */
export function classifyError({ status, headers, body }: ErrorAnswer): ApiError {
  const value = parseJson(body.toString("utf8"));
  const members = isRecord(value) ? value : {};
  const named = [one(headers["x-amzn-errortype"]), members["__type"], members["code"]];
  const type = named.find((name) => typeof name === "string" && name !== "");
  const told = [members["message"], members["Message"]].find((text) => typeof text === "string");
  const error = errorOfType(jsonText(type ?? ""), jsonText(told ?? `status ${status}`), status);
  const wait = retryAfterMs(headers);
  return wait === undefined ? error : { ...error, retryAfterMs: wait };
}

/**
 * An error known by its name: of an answer, or of an exception within a stream.
 * @param status the answer's; undefined where the error came in a 200.
 */
export function errorOfType(type: string, message: string, status: number | undefined): ApiError {
  const name = (type.split(":")[0] ?? "").replace(/^.*[#.]/, "").replace(/Exception$/i, "");
  const known = byName.get(name.toLowerCase());
  const kind = refined(known?.kind ?? kindOfStatus(status ?? 500), message);
  return { kind, message, status: status ?? known?.status ?? 500 };
}

/** The same name stands for several things; which, only the message says. */
function refined(kind: ApiErrorKind, message: string): ApiErrorKind {
  const of = (patterns: readonly RegExp[]) => patterns.some((pattern) => pattern.test(message));
  switch (kind) {
    case "invalid_request":
      if (of(tooLong)) return "context_too_long";
      return of(unknownModel) ? "model_not_found" : kind;
    case "credential_rejected":
      return of(noAccess) ? "model_not_found" : kind;
    case "rate_limited":
      return /per day|daily|per month/i.test(message) ? "quota_spent" : kind;
    default:
      return kind;
  }
}

const tooLong = [
  /(input|prompt) is too long/i,
  /too many (input )?tokens/i,
  /(maximum|max) (context|input)/i,
  /context (length|window|limit)/i,
  /exceeds? the (model'?s )?(maximum|token) (limit|number)/i,
  /input tokens? exceed/i,
  /input length and `?max_?tokens`? exceed/i,
];

const unknownModel = [
  /model (identifier|id) is (invalid|not)/i,
  /provided model identifier/i,
  /on-demand throughput isn.t supported/i,
  /model.{0,60}(end of its life|not supported in this region|doesn.t exist|marked .{0,20}legacy)/i,
];

/** The account may call Bedrock, but not this model. */
const noAccess = [/access to the model/i, /model access/i, /marked .{0,20}legacy/i];

interface Known {
  readonly kind: ApiErrorKind;
  /** Where it comes within a stream. */
  readonly status: number;
}

/** Lower case, without `Exception`: streams write the first letter small. */
const byName: ReadonlyMap<string, Known> = new Map(
  Object.entries({
    accessdenied: { kind: "credential_rejected", status: 403 },
    expiredtoken: { kind: "credential_rejected", status: 403 },
    incompletesignature: { kind: "credential_rejected", status: 403 },
    invalidclienttokenid: { kind: "credential_rejected", status: 403 },
    invalidsignature: { kind: "credential_rejected", status: 403 },
    missingauthenticationtoken: { kind: "credential_rejected", status: 403 },
    notauthorized: { kind: "credential_rejected", status: 403 },
    optinrequired: { kind: "credential_rejected", status: 403 },
    requestexpired: { kind: "credential_rejected", status: 403 },
    signaturedoesnotmatch: { kind: "credential_rejected", status: 403 },
    unrecognizedclient: { kind: "credential_rejected", status: 403 },
    conflict: { kind: "invalid_request", status: 400 },
    validation: { kind: "invalid_request", status: 400 },
    serialization: { kind: "invalid_request", status: 400 },
    requestentitytoolarge: { kind: "request_too_large", status: 413 },
    resourcenotfound: { kind: "model_not_found", status: 404 },
    unknownoperation: { kind: "not_found", status: 404 },
    throttling: { kind: "rate_limited", status: 429 },
    toomanyrequests: { kind: "rate_limited", status: 429 },
    servicequotaexceeded: { kind: "quota_spent", status: 400 },
    modelnotready: { kind: "unavailable", status: 429 },
    serviceunavailable: { kind: "unavailable", status: 503 },
    modeltimeout: { kind: "timeout", status: 408 },
    modelerror: { kind: "server_error", status: 424 },
    modelstreamerror: { kind: "server_error", status: 424 },
    internalserver: { kind: "server_error", status: 500 },
    internalfailure: { kind: "server_error", status: 500 },
  }),
);
