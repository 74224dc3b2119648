import type { Logger } from "pino";
import type { Call } from "../pipeline/call.ts";
import type { UsageEvent } from "../usage/usage-event.ts";

/**
 * One line per call, with a closed set of members. Nothing of a request's or an answer's text is
 * ever handed to the logger, and no header: what is not given can't leak.
 */
export class CallLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A defect of ours, with its stack. */
  broke(call: Call, cause: unknown): void {
    this.#logger.error({ request_id: call.requestId, err: cause }, "the gateway failed a call");
  }

  settled(call: Call, durationMs: number, event: UsageEvent | undefined): void {
    const { key, deployment, firstByteMs } = call;
    const usage = event?.usage;
    this.#logger.info(
      {
        request_id: call.requestId,
        endpoint: call.endpoint,
        key: key?.name,
        team: key?.team || undefined,
        user: key?.user || undefined,
        model: call.model,
        provider: deployment?.provider,
        deployment: deployment?.id,
        attempts: call.attempts,
        stream: call.stream,
        status: call.status,
        outcome: call.outcome,
        error_code: call.errorCode,
        duration_ms: round(durationMs),
        ttfb_ms: firstByteMs === undefined ? undefined : round(firstByteMs - call.startedMs),
        input_tokens: usage?.inputTokens,
        output_tokens: usage?.outputTokens,
        cached_input_tokens: usage?.cachedInputTokens,
        cache_write_tokens: usage?.cacheWriteTokens,
        reasoning_tokens: usage?.reasoningTokens,
        input_audio_tokens: usage?.inputAudioTokens,
        output_audio_tokens: usage?.outputAudioTokens,
        usage_estimated: usage?.estimated,
        estimated_input_tokens: call.estimatedInputTokens,
        cost_nanousd: event?.costNanoUsd,
        dropped_parameters: call.dropped.length > 0 ? call.dropped : undefined,
      },
      "call",
    );
  }
}

/** To a hundredth of a millisecond. */
function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
