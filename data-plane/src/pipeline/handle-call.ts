import { type Clock, type Cooldowns, Fault, measurePrompt, type RetryBudget } from "@headgate/core";
import type { Dispatcher } from "undici";
import { readBody } from "../http/read-body.ts";
import { sendBytes } from "../http/respond.ts";
import type { GuardedFetcher } from "../media/guarded-fetcher.ts";
import type { Deployment, RoutedModel, Tiers } from "../routing/routed.ts";
import type { RoutingTable } from "../routing/routing-table.ts";
import type { Deadlines } from "../upstream/deadlines.ts";
import type { UpstreamPools } from "../upstream/upstream-pools.ts";
import { callHeaders } from "./answer-headers.ts";
import { type AttemptResult, attempt } from "./attempt.ts";
import { authenticate } from "./authenticate.ts";
import type { Call } from "./call.ts";
import { conclude, reject } from "./conclude.ts";
import type { CountTokens } from "./count-tokens.ts";
import { type Exchange, isUnsuitable, type LocalAnswer, prepareExchange } from "./exchange.ts";
import { type Failure, isRetryable } from "./failure.ts";
import { pick } from "./pick.ts";
import { type CallRequest, readRequest } from "./read-request.ts";
import { resolveModel } from "./resolve-model.ts";
import { type SettleDeps, settle } from "./settle.ts";
import { tiersFor } from "./tiers-for.ts";
import { weigh } from "./weigh.ts";

export interface PipelineDeps extends SettleDeps {
  readonly clock: Clock;
  readonly table: RoutingTable;
  readonly pools: UpstreamPools;
  readonly deadlines: Deadlines;
  readonly cooldowns: Cooldowns;
  readonly retryBudget: RetryBudget;
  readonly bodyMaxBytes: number;
  readonly media: GuardedFetcher;
  readonly countTokens: CountTokens;
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
  /** Deployments of the model that can answer such a call. */
  readonly tiers: Tiers;
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
  const bytes = await readBody(call.request, bodyMaxBytes);
  const body = readRequest(bytes, call.endpoint, call.pathModel);
  call.stream = body.stream;
  call.measure = measurePrompt(bytes);
  const model = resolveModel(body.modelName, key, table);
  call.model = model.name;
  return { call, body, model, tiers: tiersFor(call.endpoint, model, body), tried: new Set() };
}

/** Try deployments until one answers, or there is no sense in going on. */
async function attempts(trial: Trial, deps: PipelineDeps): Promise<AttemptResult> {
  const { call, model, tiers, tried } = trial;
  const { cooldowns, deadlines, metrics, pools, retryBudget, table } = deps;
  let last: AttemptResult | undefined;
  retryBudget.deposit(table.policy.retryBudgetPercent);
  for (;;) {
    const candidates = { tiers, picker: model.picker, tried };
    const deployment = pick(candidates, cooldowns, deadlines.nowMs);
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
    if (last.failure.unsuitable) {
      // Nothing was sent: it is no attempt, and says nothing against the deployment.
      call.attempts -= 1;
      continue;
    }
    noteFailure(deployment, last.failure, deps);
    if (!mayRetry(call, last.failure, deps)) return last;
  }
}

async function send(
  trial: Trial,
  deployment: Deployment,
  dispatcher: Dispatcher,
  deps: PipelineDeps,
): Promise<AttemptResult> {
  const { call } = trial;
  const { clock, deadlines, table } = deps;
  const weighing = weigh(trial, deployment, deps);
  if (weighing) await weighing;
  const prepared = await prepare(trial, deployment, deps);
  if ("failed" in prepared) return { kind: "failed", failure: prepared.failed };
  if ("local" in prepared) return answerLocally(call, prepared.local);
  const { body, ...exchange } = prepared;
  call.dropped = exchange.dropped;
  const onCommit = (): void => {
    trial.body = undefined;
  };
  const { policy } = table;
  const options = { call, deployment, dispatcher, exchange, onCommit, clock, deadlines, policy };
  const result = await attempt(options, body);
  if (result.kind === "failed" && metStaleProof(result.failure)) {
    deployment.authorize?.reject?.(exchange.headers);
  }
  return result;
}

/** Tokens may be withdrawn before their end. A 403 says of a valid one that it may not do this. */
function metStaleProof({ kind, cause }: Failure): boolean {
  return kind === "credential_rejected" && cause === "401";
}

/** The request for a deployment, or why it can't be made. */
async function prepare(
  { call, body }: Trial,
  deployment: Deployment,
  { clock, countTokens, media, table }: PipelineDeps,
): Promise<Exchange | LocalAnswer | { readonly failed: Failure }> {
  if (!body) throw new Error("an answer was committed: there is nothing to send any more");
  const nowS = Math.floor(clock.wallTimeMs() / 1000);
  const { policy } = table;
  try {
    const options = { call, request: body, deployment, policy, nowS, media, countTokens };
    return await prepareExchange(options);
  } catch (reason) {
    const fault = Fault.from(reason);
    if (isUnsuitable(fault)) return { failed: { cause: "400", answer: fault, unsuitable: true } };
    // Its credential could not be proven: that is its failure, and another's chance.
    if (fault.code === "upstream_credentials_rejected") return failedWith(fault, "401");
    if (fault.code === "upstream_unavailable") return failedWith(fault, "connect_error");
    throw reason;
  }
}

function failedWith(answer: Fault, cause: Failure["cause"]): { readonly failed: Failure } {
  return { failed: { cause, answer } };
}

function answerLocally(call: Call, body: Buffer): AttemptResult {
  call.status = 200;
  sendBytes(call.response, 200, body, [...callHeaders(call), "content-type", "application/json"]);
  return { kind: "answered" };
}

/** The request went out on a kept-alive connection that was just being closed. */
function metStaleConnection(result: AttemptResult): boolean {
  return result.kind === "failed" && result.failure.stale === true;
}

function noteFailure(deployment: Deployment, failure: Failure, deps: PipelineDeps): void {
  const { cooldowns, deadlines, metrics } = deps;
  metrics.attemptFailed(deployment, failure.cause);
  const status = Number(failure.cause);
  // A spent quota does not come back in a moment.
  const waitMs = failure.retryAfterMs ?? (failure.kind === "quota_spent" ? 60_000 : undefined);
  if (status === 429) cooldowns.limited(deployment.id, deadlines.nowMs, waitMs);
  else if (Number.isNaN(status) || status >= 500 || isDeploymentsFault(failure)) {
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
  const another = isRetryable(failure.cause, retryOn) || failure.kind === "model_not_found";
  return another && retryBudget.withdraw(clock.now());
}

/** Its credential was refused, or its model retired: the client's request is not to blame. */
function isDeploymentsFault({ cause, kind }: Failure): boolean {
  return cause === "401" || cause === "403" || kind === "model_not_found";
}

function noDeployment(model: RoutedModel): never {
  const message = `The model ${JSON.stringify(model.name)} has no deployment that this region may use.`;
  throw new Fault("no_deployment", message, { param: "model" });
}
