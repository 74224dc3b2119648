import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { CallTotals } from "../load/call-totals.ts";
import type { WorkerLoad } from "../load/worker-load.ts";
import type { Call, Outcome } from "../pipeline/call.ts";
import type { Deployment } from "../routing/routed.ts";
import type { UsageEvent } from "../usage/usage-event.ts";

/**
 * Metrics of the calls one worker served. Label sets are closed: names of models,
 * teams and deployments come from the snapshot, never from a request.
 */
export class CallMetrics {
  readonly #requests: Counter<"endpoint" | "model" | "team" | "status" | "outcome">;
  readonly #failures: Counter<"endpoint" | "model" | "code">;
  readonly #latency: Histogram<"endpoint" | "model" | "stream">;
  readonly #firstToken: Histogram<"model">;
  readonly #tokens: Counter<"team" | "model" | "type">;
  readonly #upstreamErrors: Counter<"provider" | "deployment" | "error_type">;
  readonly #picks: Counter<"model" | "deployment">;
  readonly #spend: Counter<"team" | "model">;
  readonly #estimates: Histogram<"model">;
  readonly #retries: Counter<"model">;
  readonly #open: Gauge;
  readonly #totals = new CallTotals();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: "llm_requests_total",
      help: "Calls, by how they ended.",
      labelNames: ["endpoint", "model", "team", "status", "outcome"],
      registers,
    });
    this.#failures = new Counter({
      name: "llm_failures_total",
      help: "Calls that did not get a whole answer, by error code.",
      labelNames: ["endpoint", "model", "code"],
      registers,
    });
    this.#latency = new Histogram({
      name: "llm_request_latency_seconds",
      help: "From the request's headers to the end of its answer.",
      labelNames: ["endpoint", "model", "stream"],
      buckets: latencyBuckets,
      registers,
    });
    this.#firstToken = new Histogram({
      name: "llm_time_to_first_token_seconds",
      help: "From the request's headers to the first event of a stream.",
      labelNames: ["model"],
      buckets: latencyBuckets,
      registers,
    });
    this.#tokens = new Counter({
      name: "llm_token_usage_total",
      help: "Tokens as the providers counted them, or estimated where they did not, by type.",
      labelNames: ["team", "model", "type"],
      registers,
    });
    this.#spend = new Counter({
      name: "llm_spend_usd_total",
      help: "What calls cost, by the prices in force when they were made.",
      labelNames: ["team", "model"],
      registers,
    });
    this.#estimates = new Histogram({
      name: "headgate_token_estimate_ratio",
      help: "Input tokens estimated before the call, to those the provider counted.",
      labelNames: ["model"],
      buckets: [0.5, 0.75, 0.9, 0.95, 1.05, 1.1, 1.25, 2],
      registers,
    });
    this.#upstreamErrors = new Counter({
      name: "llm_upstream_error_total",
      help: "Attempts that failed, by cause: connect_error, timeout, or the provider's status.",
      labelNames: ["provider", "deployment", "error_type"],
      registers,
    });
    this.#picks = new Counter({
      name: "llm_balance_distribution",
      help: "Attempts, by the deployment picked.",
      labelNames: ["model", "deployment"],
      registers,
    });
    this.#retries = new Counter({
      name: "headgate_retries_total",
      help: "Attempts beyond the first of their call.",
      labelNames: ["model"],
      registers,
    });
    this.#open = new Gauge({
      name: "headgate_open_calls",
      help: "Calls under way.",
      registers,
    });
  }

  /** Over all labels. */
  get load(): WorkerLoad {
    return this.#totals.load;
  }

  opened(): void {
    this.#open.inc();
    this.#totals.opened();
  }

  picked(model: string, deployment: Deployment, attempt: number): void {
    this.#picks.inc({ model, deployment: deployment.id });
    if (attempt > 1) this.#retries.inc({ model });
  }

  attemptFailed(deployment: Deployment, cause: string): void {
    this.#upstreamErrors.inc({
      provider: deployment.provider,
      deployment: deployment.id,
      error_type: cause,
    });
  }

  settled(call: Call, durationMs: number, event: UsageEvent | undefined): void {
    const { endpoint } = call;
    // Names that clients made up stay out of the labels.
    const model = call.model ?? "";
    const team = call.key?.team ?? "";
    const outcome: Outcome = call.outcome ?? "failed";
    this.#open.dec();
    this.#totals.settled(outcome === "ok", event);
    this.#requests.inc({ endpoint, model, team, status: call.status, outcome });
    this.#latency.observe(
      { endpoint, model, stream: call.stream ? "true" : "false" },
      durationMs / 1000,
    );
    if (outcome !== "ok")
      this.#failures.inc({ endpoint, model, code: call.errorCode ?? "unknown" });
    if (call.stream && call.firstByteMs !== undefined) {
      this.#firstToken.observe({ model }, (call.firstByteMs - call.startedMs) / 1000);
    }
    if (event) this.#used(event, call.estimatedInputTokens);
  }

  #used({ team, model, usage, costNanoUsd }: UsageEvent, estimated: number | undefined): void {
    this.#tokens.inc({ team, model, type: "input" }, usage.inputTokens);
    this.#tokens.inc({ team, model, type: "output" }, usage.outputTokens);
    for (const [type, member] of tokenParts) {
      const tokens = usage[member];
      if (tokens) this.#tokens.inc({ team, model, type }, tokens);
    }
    if (costNanoUsd) this.#spend.inc({ team, model }, costNanoUsd / 1e9);
    if (!usage.estimated && estimated && usage.inputTokens > 0) {
      this.#estimates.observe({ model }, estimated / usage.inputTokens);
    }
  }
}

/** Parts of the totals, which hold them already. */
const tokenParts = [
  ["cached_input", "cachedInputTokens"],
  ["cache_write", "cacheWriteTokens"],
  ["reasoning", "reasoningTokens"],
  ["input_audio", "inputAudioTokens"],
  ["output_audio", "outputAudioTokens"],
] as const;

/** Seconds. From a cache's answer to the longest generation. */
const latencyBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
