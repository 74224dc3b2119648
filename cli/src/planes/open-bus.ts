import {
  type Bus,
  createInProcessBus,
  type NatsCredentials as NatsBusCredentials,
} from "@headgate/bus";
import type { BusConfig, NatsCredentials } from "@headgate/config";
import { systemClock } from "@headgate/core";
import type { Logger } from "pino";
import { readText } from "../read-file-argument.ts";
import { readClientTls } from "../read-tls.ts";

/** The bus of the settings. NATS need not be there yet. */
export async function openBus(
  bus: BusConfig,
  { name, logger }: { readonly name: string; readonly logger: Logger },
): Promise<Bus> {
  const onError = (err: unknown, subject: string): void => {
    if (subject !== "") return logger.warn({ err, subject }, "the bus has trouble");
    const reason = err instanceof Error ? err.message : String(err);
    logger.warn({ reason }, "the bus has trouble; it tries on, and calls do without");
  };
  if (bus.kind === "embedded") return createInProcessBus({ clock: systemClock, onError });
  const { servers, prefix } = bus;
  const credentials = bus.credentials && (await readCredentials(bus.credentials));
  const tls = bus.tls && (await readClientTls(bus.tls));
  // Loaded by those who use it.
  const { connectNatsBus } = await import("@headgate/bus/nats");
  return connectNatsBus({
    servers,
    prefix,
    name,
    clock: systemClock,
    onError,
    onConnect: (server) => logger.info({ server }, "the bus is connected"),
    ...(credentials && { credentials }),
    ...(tls && { tls }),
  });
}

async function readCredentials(credentials: NatsCredentials): Promise<NatsBusCredentials> {
  switch (credentials.kind) {
    case "token":
      return { token: credentials.token };
    case "password":
      return { user: credentials.username, pass: credentials.password };
    case "file":
      return { creds: await readText(credentials.path) };
  }
}
