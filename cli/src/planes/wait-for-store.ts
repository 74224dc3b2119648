import type { Store } from "@headgate/control-plane";
import { StoreError } from "@headgate/control-plane";
import { fullJitterMs, systemClock, systemRandom } from "@headgate/core";
import type { Logger } from "pino";
import { CliError } from "../cli-error.ts";

const pauseBaseMs = 500;
const pauseMaxMs = 5_000;

/** What Node and OpenSSL say of a server that is there, and is not believed or does not believe us. */
const distrust = /certificate|altnames/i;

/**
 * Until the store answers: when everything is started at once, etcd may well be the last. Says so once.
 *
 * @throws what the store throws for other reasons than being away; CliError for certificates that do not
 *   fit, which no waiting mends.
 */
export async function waitForStore(
  store: Store,
  { logger, stop }: { readonly logger: Logger; readonly stop: AbortSignal },
): Promise<void> {
  for (let attempt = 0; !stop.aborted; attempt++) {
    try {
      await store.get("/health");
      if (attempt > 0) logger.info("the store answers");
      return;
    } catch (err) {
      if (!(err instanceof StoreError) || err.code !== "unavailable") throw err;
      if (distrust.test(err.message)) throw distrustFrom(err);
      if (attempt === 0) logger.warn({ err }, "the store does not answer yet; waiting for it");
    }
    const pause = { attempt, baseMs: pauseBaseMs, maxMs: pauseMaxMs, random: systemRandom };
    await systemClock.sleep(fullJitterMs(pause), stop);
  }
}

function distrustFrom(error: StoreError): CliError {
  const { message: what } = error.cause instanceof Error ? error.cause : error;
  const message = `${what}: check ca, and cert and key if etcd wants them, under store.etcd.tls`;
  return new CliError(message, { cause: error });
}
