import { dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { type ControlPlaneConfig, processDefaults, type StoreConfig } from "@headgate/config";
import { createEmbeddedStore, type Store } from "@headgate/control-plane";
import { systemClock } from "@headgate/core";
import type { Logger } from "pino";
import { makeDirectory } from "../make-directory.ts";
import { readClientTls } from "../read-tls.ts";

/** The store of the settings. Etcd need not be there yet. */
export async function openStore(
  { store, dataDir }: Pick<ControlPlaneConfig, "store" | "dataDir">,
  logger: Logger,
): Promise<Store> {
  if (store.kind === "etcd") return openEtcd(store, logger);
  const path = store.path ?? join(dataDir, processDefaults.controlPlane.storeFile);
  await makeDirectory(dirname(path));
  const onError = (err: unknown) => logger.error({ err }, "the store has trouble");
  return createEmbeddedStore({ path, clock: systemClock, onError });
}

type EtcdConfig = Extract<StoreConfig, { readonly kind: "etcd" }>;

async function openEtcd(config: EtcdConfig, logger: Logger): Promise<Store> {
  const { hosts, prefix, credentials } = config;
  const tls = config.tls && (await readClientTls(config.tls));
  // Loaded by those who use it: it is large.
  const { createEtcdStore } = await import("@headgate/control-plane/etcd");
  return createEtcdStore({
    hosts,
    prefix,
    clock: systemClock,
    onError: (err) => logger.warn({ err }, "a member of etcd does not answer"),
    onReturn: (host) => logger.info({ host }, "a member of etcd answers again"),
    ...(tls && { tls: { ...tls, ca: tls.ca ?? rootCertificates.join("\n") } }),
    ...(credentials && { credentials }),
  });
}
