import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import { grpcHealth } from "@headgate/proto";

export interface HealthOptions {
  /** Served here, as `headgate.admin.v1.AdminService`. */
  readonly services: readonly string[];
  /** Undefined: ready. As /health/ready has it. */
  readonly whyNotReady: () => string | undefined;
  readonly clock: Clock;
}

export interface Health {
  readonly implementation: ServiceImpl<typeof grpcHealth.Health>;
  /** Says NOT_SERVING to whoever watches, and ends their streams. */
  stop(): void;
}

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = grpcHealth.HealthCheckResponse_ServingStatus;

/** How late a watcher hears of a change, at most. */
const lookEveryMs = 1_000;
/** Anybody may watch, so there is an end to it. */
const watchersMax = 1_000;

/** grpc.health.v1: what load balancers and orchestrators ask. Open to all, as /health is. */
export function createHealth({ services, whyNotReady, clock }: HealthOptions): Health {
  const known = new Set(["", ...services]);
  const stopper = new AbortController();
  let watchers = 0;

  const status = () =>
    whyNotReady() === undefined && !stopper.signal.aborted ? SERVING : NOT_SERVING;

  async function* watch(service: string, { signal }: HandlerContext) {
    if (watchers >= watchersMax) {
      throw new ConnectError(`${watchersMax} watch already`, Code.ResourceExhausted);
    }
    watchers++;
    try {
      const over = AbortSignal.any([signal, stopper.signal]);
      let told: number | undefined;
      while (!signal.aborted) {
        // The protocol wants unknown services watched, too: they may come.
        const now = known.has(service) ? status() : SERVICE_UNKNOWN;
        if (now !== told) yield { status: now };
        told = now;
        if (stopper.signal.aborted) return;
        await clock.sleep(lookEveryMs, over);
      }
    } finally {
      watchers--;
    }
  }

  return {
    implementation: {
      check: ({ service }) => {
        if (known.has(service)) return { status: status() };
        throw new ConnectError(`there is no service ${service}`, Code.NotFound);
      },
      watch: ({ service }, context) => watch(service, context),
    },
    stop: () => stopper.abort(),
  };
}
