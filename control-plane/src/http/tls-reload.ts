import { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import type { TlsTexts } from "./listener.ts";

export interface TlsReloadOptions {
  /** In force now. */
  readonly tls: TlsTexts;
  /** Read the files again. */
  readonly read: () => Promise<TlsTexts>;
  /** Of node:https, node:http2 or node:tls. */
  readonly servers: readonly {
    setSecureContext(options: SecureContextOptions): void;
  }[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when the server's certificate ends, on the wall clock: at the start, and after each change. */
  readonly onCertificate: (expireTimeMs: number) => void;
}

/** Contents are compared: what replaces files (links, renames, mounts) is seen by no one kind of event. */
const lookEveryMs = 5_000;

/**
 * Puts new certificate files in force while listening: new connections get them, those open go on.
 * Files that do not fit together (one of the two was written so far) or can't be read are tried
 * again, and meanwhile what was in force stays.
 *
 * Whether clients are asked for certificates is not changed by this: an authority that was not there
 * at the start needs a restart.
 */
export function startTlsReload(options: TlsReloadOptions): Disposable {
  const { servers, clock, logger, onCertificate, read } = options;
  let current = options.tls;
  let refused: string | undefined;
  let looking = false;
  onCertificate(expireTimeMs(current));

  async function look(): Promise<void> {
    try {
      const next = await read();
      if (isSame(next, current)) {
        refused = undefined;
        return;
      }
      const context = secureContextFrom(next);
      createSecureContext(context); // Throws, where a server half-way changed would not be put right.
      const endsMs = expireTimeMs(next);
      for (const server of servers) server.setSecureContext(context);
      current = next;
      refused = undefined;
      onCertificate(endsMs);
      logger.info({ expires: new Date(endsMs).toISOString() }, "new TLS certificate in force");
    } catch (err) {
      const reason = err instanceof Error ? err.message : String(err);
      if (reason === refused) return; // Once, not at every look.
      refused = reason;
      logger.error({ reason }, "the TLS files can't be used; those from before stay in force");
    }
  }

  return clock.every(lookEveryMs, () => {
    if (looking) return; // A disk that hangs is waited for, once.
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  });
}

/** TLS 1.2 is what old clients of today have; earlier ones are broken (RFC 8996). */
export function secureContextFrom({ cert, key, clientCa }: TlsTexts): SecureContextOptions {
  return { cert, key, minVersion: "TLSv1.2", ...(clientCa !== undefined && { ca: clientCa }) };
}

/** Of the first certificate in the file: the server's own. */
function expireTimeMs({ cert }: TlsTexts): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

function isSame(a: TlsTexts, b: TlsTexts): boolean {
  return a.cert === b.cert && a.key === b.key && a.clientCa === b.clientCa;
}
