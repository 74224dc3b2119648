import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import { connectErrorFrom } from "../admin/admin-errors.ts";
import type { AdminMetrics } from "../telemetry/control-plane-metrics.ts";

export interface CallObserverOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: AdminMetrics;
}

/** Counts and times admin calls. What is not a ConnectError is ours: logged, and shown to nobody. */
export function createCallObserver({ clock, logger, metrics }: CallObserverOptions): Interceptor {
  return (next) => async (request) => {
    const method = request.method.name;
    const startMs = clock.now();
    const finish = (code: string) => {
      metrics.requests.inc({ method, code });
      metrics.seconds.observe({ method }, (clock.now() - startMs) / 1000);
    };
    try {
      const response = await next(request);
      finish("ok");
      return response;
    } catch (reason) {
      const error = connectErrorFrom(reason) ?? internal(reason, { logger, method });
      finish(Code[error.code] ?? "Unknown");
      throw error;
    }
  };
}

function internal(
  err: unknown,
  { logger, method }: { readonly logger: Logger; readonly method: string },
): ConnectError {
  logger.error({ err, method }, "an admin call failed");
  return new ConnectError("internal error; the control plane's log says more", Code.Internal);
}
