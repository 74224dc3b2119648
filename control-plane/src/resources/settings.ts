import { randomBytes } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { discovery } from "@headgate/proto";
import type { Logger } from "pino";
import type { Entry, Store } from "../store/store.ts";
import { type ResourceCodec, resourceKey } from "./resource-codec.ts";

export const settingsName = "default";

const settingsKey = resourceKey("settings", settingsName);
const hmacKeyBytes = 32;

/**
 * What every node must know of the installation. Made at the very first start: of replicas
 * that race to do so, one creates it and the others read what it made. That one says so: a replica that was
 * to join others, and begins anew, has another store or prefix than they.
 */
export async function loadOrCreateSettings(
  store: Store,
  codec: ResourceCodec,
  logger: Logger,
): Promise<discovery.Settings> {
  const fresh = create(discovery.SettingsSchema, { keyHmacKey: randomBytes(hmacKeyBytes) });
  const value = codec.seal(settingsKey, toBinary(discovery.SettingsSchema, fresh));
  for (;;) {
    const { value: entry } = await store.get(settingsKey);
    if (entry) return settingsFromEntry(entry, codec);
    const result = await store.transact({
      compare: [{ key: settingsKey, revision: 0 }],
      writes: [{ type: "put", key: settingsKey, value }],
    });
    if (!result.ok) continue;
    logger.info("the store was empty: a new control plane begins");
    return fresh;
  }
}

export function settingsFromEntry(entry: Entry, codec: ResourceCodec): discovery.Settings {
  return fromBinary(discovery.SettingsSchema, codec.open(entry));
}
