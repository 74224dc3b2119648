import type { UsageEvent } from "../usage/usage-event.ts";
import type { WorkerLoad } from "./worker-load.ts";

/**
 * Sums over all calls of a worker, whatever their labels. Metrics hold them as well, but in as many
 * parts as there are models and teams: reading those every second would cost more than the calls.
 */
export class CallTotals {
  #inFlight = 0;
  #calls = 0;
  #failedCalls = 0;
  #inputTokens = 0;
  #outputTokens = 0;

  get load(): WorkerLoad {
    return {
      inFlight: this.#inFlight,
      calls: this.#calls,
      failedCalls: this.#failedCalls,
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
    };
  }

  opened(): void {
    this.#inFlight += 1;
  }

  settled(isWhole: boolean, event: UsageEvent | undefined): void {
    this.#inFlight -= 1;
    this.#calls += 1;
    if (!isWhole) this.#failedCalls += 1;
    if (!event) return;
    this.#inputTokens += event.usage.inputTokens;
    this.#outputTokens += event.usage.outputTokens;
  }
}
