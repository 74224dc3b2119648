import { type Clock, type Cooldowns, Fault, type RetryBudget } from "@headgate/core";
import type { Dispatcher } from "undici";
import { readBody } from "../http/read-body.ts";
import { sendBytes, sendFault } from "../http/respond.ts";
import { asksForUsage, upstreamBody } from "../providers/openai/request-body.ts";
import type { Deployment, RoutedModel } from "../routing/routed.ts";
import type { RoutingTable } from "../routing/routing-table.ts";
import type { Deadlines } from "../upstream/deadlines.ts";
import type { UpstreamPools } from "../upstream/upstream-pools.ts";
import { type AttemptResult, attempt } from "./attempt.ts";
import { authenticate } from "./authenticate.ts";
import type { Call } from "./call.ts";
import { type Failure, isRetryable } from "./failure.ts";
import { pick } from "./pick.ts";
import { type CallRequest, readRequest } from "./read-request.ts";
import { resolveModel } from "./resolve-model.ts";
import { type SettleDeps, settle } from "./settle.ts";
import { clientWaitMaxMs } from "./upstream-failure.ts";

export interface PipelineDeps extends SettleDeps {
  readonly clock: Clock;
  readonly table: RoutingTable;
  readonly pools: UpstreamPools;
  readonly deadlines: Deadlines;
  readonly cooldowns: Cooldowns;
  readonly retryBudget: RetryBudget;
  readonly bodyMaxBytes: number;
}

/** One call, from its headers to its line in the log. Never rejects. */
export async function handleCall(call: Call, deps: PipelineDeps): Promise<void> {
  deps.metrics.opened();
  try {
    conclude(call, await attempts(await receive(call, deps), deps));
  } catch (reason) {
    const fault = Fault.from(reason);
    if (fault.code === "internal_error") deps.log.broke(call, fault.cause);
    reject(call, fault);
  }
  settle(call, deps.clock.now(), deps);
}

/** A call that is known well enough to be tried. */
interface Trial {
  readonly call: Call;
  readonly model: RoutedModel;
  /**
   * Gone once an answer is committed: a stream may live for long, and needs no prompt. Nothing that
   * waits for the answer may keep it in a variable of its own.
   */
  body: CallRequest | undefined;
  readonly tried: Set<string>;
}

/** Authenticate, read, resolve the model. */
async function receive(call: Call, { table, bodyMaxBytes }: PipelineDeps): Promise<Trial> {
  const key = authenticate(call.request.headers, table);
  call.key = key;
  const body = readRequest(await readBody(call.request, bodyMaxBytes), call.endpoint);
  call.stream = body.stream;
  const model = resolveModel(body.modelName, key, table);
  call.model = model.name;
  return { call, body, model, tried: new Set() };
}

/** Try deployments until one answers, or there is no sense in going on. */
async function attempts(trial: Trial, deps: PipelineDeps): Promise<AttemptResult> {
  const { call, model, tried } = trial;
  const { cooldowns, deadlines, metrics, pools, retryBudget, table } = deps;
  let last: AttemptResult | undefined;
  retryBudget.deposit(table.policy.retryBudgetPercent);
  for (;;) {
    const deployment = pick(model, tried, cooldowns, deadlines.nowMs);
    if (!deployment || !trial.body) return last ?? noDeployment(model);
    tried.add(deployment.id);
    call.attempts += 1;
    call.deployment = deployment;
    metrics.picked(model.name, deployment, call.attempts);
    last = await send(trial, deployment, pools.get(deployment.origin), deps);
    if (metStaleConnection(last) && !call.client.gone) {
      // It says nothing against the deployment, and is neither a retry nor paid for as one.
      last = await send(trial, deployment, pools.fresh(deployment.origin), deps);
    }
    if (last.kind !== "failed") {
      if (last.kind === "answered" && !cooldowns.none) cooldowns.succeeded(deployment.id);
      return last;
    }
    noteFailure(deployment, last.failure, deps);
    if (!mayRetry(call, last.failure, deps)) return last;
  }
}

function send(
  trial: Trial,
  deployment: Deployment,
  dispatcher: Dispatcher,
  { clock, deadlines, table }: PipelineDeps,
): Promise<AttemptResult> {
  const { call, body } = trial;
  if (!body) throw new Error("an answer was committed: there is nothing to send any more");
  const onCommit = (): void => {
    trial.body = undefined;
  };
  const { policy } = table;
  const stripUsage = !asksForUsage(body);
  return attempt(
    { call, deployment, dispatcher, stripUsage, onCommit, clock, deadlines, policy },
    upstreamBody(body, deployment.upstreamModel),
  );
}

/** The request went out on a kept-alive connection that was just being closed. */
function metStaleConnection(result: AttemptResult): boolean {
  return result.kind === "failed" && result.failure.stale === true;
}

function noteFailure(deployment: Deployment, failure: Failure, deps: PipelineDeps): void {
  const { cooldowns, deadlines, metrics } = deps;
  metrics.attemptFailed(deployment, failure.cause);
  const status = Number(failure.cause);
  if (status === 429) cooldowns.limited(deployment.id, deadlines.nowMs, failure.retryAfterMs);
  else if (Number.isNaN(status) || status >= 500 || status === 401 || status === 403) {
    cooldowns.failed(deployment.id, deadlines.nowMs);
  }
}

function mayRetry(
  call: Call,
  failure: Failure,
  { table, retryBudget, clock }: PipelineDeps,
): boolean {
  const { maxAttempts, retryOn } = table.policy;
  if (call.client.gone || call.attempts >= maxAttempts) return false;
  return isRetryable(failure.cause, retryOn) && retryBudget.withdraw(clock.now());
}

function noDeployment(model: RoutedModel): never {
  const message = `The model ${JSON.stringify(model.name)} has no deployment that this region may use.`;
  throw new Fault("no_deployment", message, { param: "model" });
}

/** Note how the attempts ended, and answer if nothing was answered yet. */
function conclude(call: Call, result: AttemptResult): void {
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
  const headers = callHeaders(call);
  if (answer instanceof Fault) {
    return sendFault(call.response, answer, [...headers, ...faultWait(answer, failure)]);
  }
  sendBytes(call.response, answer.status, answer.body, [
    ...headers,
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
function reject(call: Call, fault: Fault): void {
  if (fault.code === "client_closed" || call.client.gone) return clientClosed(call);
  call.outcome = fault.status >= 500 ? "failed" : "rejected";
  call.status = fault.status;
  call.errorCode = fault.code;
  if (!call.response.headersSent) sendFault(call.response, fault, callHeaders(call));
  else call.response.destroy();
}

function clientClosed(call: Call): void {
  call.outcome = "client_closed";
  call.errorCode = "client_closed";
  // 499, as nginx logs it, unless the answer had begun.
  if (call.status === 0) call.status = 499;
  call.response.destroy();
}

function callHeaders(call: Call): string[] {
  const headers = ["x-request-id", call.requestId];
  if (call.deployment) {
    headers.push("x-headgate-deployment", call.deployment.id);
    headers.push("x-headgate-attempts", String(call.attempts));
  }
  return headers;
}
