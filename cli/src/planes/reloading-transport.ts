import type { Transport } from "@connectrpc/connect";
import type { ClientTlsFiles } from "@headgate/config";
import type { Logger } from "pino";
import { readClientTls, type TlsTexts } from "../read-tls.ts";

export interface ReloadingTransportOptions {
  readonly files: ClientTlsFiles | undefined;
  readonly logger: Logger;
  readonly connect: (tls: TlsTexts) => Transport;
}

/**
 * A transport that reads its certificates anew for every call, so that what was renewed on disk is
 * used by the next stream. Files that can't be read leave the ones before in use.
 *
 * @throws what reading them the first time throws.
 */
export async function reloadingTransport(options: ReloadingTransportOptions): Promise<Transport> {
  const { files, connect, logger } = options;
  let tls = await readClientTls(files);
  let transport = connect(tls);

  async function current(): Promise<Transport> {
    if (files === undefined) return transport;
    try {
      const fresh = await readClientTls(files);
      if (JSON.stringify(fresh) === JSON.stringify(tls)) return transport;
      transport = connect(fresh);
      tls = fresh;
      logger.info({ cert: files.cert, ca: files.ca }, "certificates were read anew");
    } catch (err) {
      logger.error({ err }, "the certificates can't be read; those before stay in use");
    }
    return transport;
  }

  return {
    unary: async (...call) => (await current()).unary(...call),
    stream: async (...call) => (await current()).stream(...call),
  };
}
