import { systemClock } from "@headgate/core";
import { vi } from "vitest";
import { connectNatsBus, type NatsBus } from "./nats-bus.ts";
import type { NatsBusOptions } from "./nats-bus-options.ts";

export interface TestBus extends AsyncDisposable {
  readonly bus: NatsBus;
  /** What it told of. */
  readonly errors: readonly string[];
}

/** A bus that is quick to notice, to retry and to give up. */
export function testBus(
  server: string,
  { waits, ...options }: Partial<NatsBusOptions> = {},
): TestBus {
  const errors: string[] = [];
  const bus = connectNatsBus({
    ...{ servers: [server], name: "test", clock: systemClock, ...options },
    onError: (error) => errors.push(String(error)),
    waits: {
      ...{ connectMs: 1000, reconnectBaseMs: 20, reconnectMaxMs: 200, pingMs: 2000 },
      ...{ heartbeatMs: 200, appendAttemptMs: 500, apiMs: 1000, closeMs: 300, ...waits },
    },
  });
  return { bus, errors, [Symbol.asyncDispose]: () => bus.close() };
}

/** Until it holds, within a deadline. */
export function reached(assertion: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(assertion, { timeout: 15_000, interval: 5 });
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
