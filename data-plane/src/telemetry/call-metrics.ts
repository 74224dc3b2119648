import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Call, Outcome } from "../pipeline/call.ts";
import type { Deployment } from "../routing/routed.ts";

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
  readonly #retries: Counter<"model">;
  readonly #open: Gauge;

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
      help: "Tokens as the providers counted them; type is input, output, cached_input or reasoning.",
      labelNames: ["team", "model", "type"],
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

  opened(): void {
    this.#open.inc();
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

  settled(call: Call, durationMs: number): void {
    const { endpoint, usage } = call;
    // Names that clients made up stay out of the labels.
    const model = call.model ?? "";
    const team = call.key?.team ?? "";
    const outcome: Outcome = call.outcome ?? "failed";
    this.#open.dec();
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
    if (usage) {
      this.#tokens.inc({ team, model, type: "input" }, usage.inputTokens);
      this.#tokens.inc({ team, model, type: "output" }, usage.outputTokens);
      if (usage.cachedInputTokens) {
        this.#tokens.inc({ team, model, type: "cached_input" }, usage.cachedInputTokens);
      }
      if (usage.reasoningTokens) {
        this.#tokens.inc({ team, model, type: "reasoning" }, usage.reasoningTokens);
      }
    }
  }
}

/** Seconds. From a cache's answer to the longest generation. */
const latencyBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
