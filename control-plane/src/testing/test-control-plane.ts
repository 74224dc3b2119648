import { createInProcessBus } from "@headgate/bus";
import { createSealer } from "@headgate/config";
import { type Clock, seededRandom, systemClock } from "@headgate/core";
import { pino } from "pino";
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "../control-plane.ts";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Store } from "../store/store.ts";

export const adminToken = "admin-token-of-the-tests";
export const testSealer = createSealer(new Uint8Array(32).fill(7));

export interface TestControlPlane extends ControlPlane, AsyncDisposable {
  readonly store: Store;
  readonly logLines: readonly string[];
}

/** A control plane with real sockets on free ports and a store in memory. */
export async function testControlPlane(
  overrides: Partial<ControlPlaneOptions> = {},
): Promise<TestControlPlane> {
  const clock: Clock = overrides.clock ?? systemClock;
  const store = overrides.store ?? createEmbeddedStore({ path: ":memory:", clock });
  const bus = overrides.bus ?? createInProcessBus({ clock });
  const logLines: string[] = [];
  const plane = await startControlPlane({
    sealer: testSealer,
    clock,
    random: seededRandom(1),
    logger: pino({ level: "debug" }, { write: (line: string) => logLines.push(line) }),
    adminToken,
    bus,
    region: "test",
    replica: "replica-1",
    build: "1.0.0",
    listen: { admin: { host: "127.0.0.1", port: 0 }, grpc: { host: "127.0.0.1", port: 0 } },
    ...overrides,
    store,
  });
  const dispose = async () => {
    await plane.stop();
    if (!overrides.bus) await bus.close();
    if (!overrides.store) await store.close();
  };
  return { ...plane, store, logLines, [Symbol.asyncDispose]: dispose };
}
