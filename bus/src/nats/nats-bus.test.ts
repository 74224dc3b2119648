import { systemClock } from "@headgate/core";
import { type NatsServer, startNats } from "@headgate/testing/servers";
import { afterAll, beforeAll, expect } from "vitest";
import { busConformance } from "../bus.conformance.ts";
import { connectNatsBus } from "./nats-bus.ts";

let server: NatsServer;
let prefixes = 0;

beforeAll(async () => {
  server = await startNats();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

busConformance("NATS bus", async () => {
  const errors: unknown[] = [];
  prefixes += 1;
  const bus = connectNatsBus({
    servers: [server.clientUrl],
    name: "test",
    prefix: `test-${prefixes}`,
    clock: systemClock,
    onError: (error) => errors.push(error),
  });
  expect(await bus.reachable(10_000)).toBe(true);
  const advance = (ms: number) => systemClock.sleep(ms);
  return { bus, errors, advance, now: () => systemClock.now(), dispose: () => bus.close() };
});
