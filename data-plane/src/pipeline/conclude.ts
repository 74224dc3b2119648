import { Fault } from "@headgate/core";
import { errorBody } from "../dialects/error-body.ts";
import { errorFields } from "../dialects/error-fields.ts";
import { sendBytes, sendJson } from "../http/respond.ts";
import { callHeaders } from "./answer-headers.ts";
import type { AttemptResult } from "./attempt.ts";
import type { Call } from "./call.ts";
import type { Failure } from "./failure.ts";
import { clientWaitMaxMs } from "./upstream-failure.ts";

/** Note how the attempts ended, and answer if nothing was answered yet. */
export function conclude(call: Call, result: AttemptResult): void {
  switch (result.kind) {
    case "answered":
      call.outcome = "ok";
      return;
    case "interrupted":
      call.outcome = "interrupted";
      call.errorCode = result.fault.code;
      return;
    case "client_closed":
      return clientClosed(call);
    case "failed":
      return sendFailure(call, result.failure);
  }
}

function sendFailure(call: Call, failure: Failure): void {
  const { answer } = failure;
  call.outcome = "upstream_error";
  call.status = answer.status;
  call.errorCode = answer.code ?? failure.cause;
  if (failure.unsuitable) call.outcome = "rejected";
  if (answer instanceof Fault) return refuse(call, answer, faultWait(answer, failure));
  sendBytes(call.response, answer.status, answer.body, [
    ...callHeaders(call),
    ...answer.headers,
    "x-headgate-error-source",
    "upstream",
  ]);
}

/** When to come back after a fault; a wait too long for openai's client to obey is no retry at all. */
function faultWait(fault: Fault, failure: Failure): readonly string[] {
  const waitMs = failure.retryAfterMs ?? (fault.status === 429 ? 1_000 : undefined);
  if (waitMs === undefined) return [];
  const headers = ["retry-after", String(Math.ceil(waitMs / 1000))];
  return waitMs > clientWaitMaxMs ? [...headers, "x-should-retry", "false"] : headers;
}

/** Refuse a call that no provider has answered. */
export function reject(call: Call, fault: Fault): void {
  if (fault.code === "client_closed" || call.client.gone) return clientClosed(call);
  call.outcome = fault.status >= 500 ? "failed" : "rejected";
  call.status = fault.status;
  call.errorCode = fault.code;
  if (!call.response.headersSent) refuse(call, fault);
  else call.response.destroy();
}

/** A fault of ours, as the client's dialect has it. */
function refuse(call: Call, fault: Fault, more: readonly string[] = []): void {
  const body = errorBody(call.endpoint, errorFields(fault), call.requestId);
  const source = ["x-headgate-error-source", "gateway"];
  sendJson(call.response, fault.status, body, [...callHeaders(call), ...more, ...source]);
}

function clientClosed(call: Call): void {
  call.outcome = "client_closed";
  call.errorCode = "client_closed";
  // 499, as nginx logs it, unless the answer had begun.
  if (call.status === 0) call.status = 499;
  call.response.destroy();
}
