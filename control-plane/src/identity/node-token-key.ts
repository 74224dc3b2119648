import { randomBytes } from "node:crypto";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Store } from "../store/store.ts";
import { identityPrefix } from "./identity-records.ts";

const storeKey = `${identityPrefix}node-token-key`;
const keyBytes = 32;

/** What replicas sign node tokens with. Made at the very first start: the one that was first wins. */
export async function loadOrCreateNodeTokenKey(
  store: Store,
  codec: ResourceCodec,
): Promise<Uint8Array> {
  const fresh = new Uint8Array(randomBytes(keyBytes));
  for (;;) {
    const { value: entry } = await store.get(storeKey);
    if (entry) return codec.open(entry);
    const result = await store.transact({
      compare: [{ key: storeKey, revision: 0 }],
      writes: [{ type: "put", key: storeKey, value: codec.seal(storeKey, fresh) }],
    });
    if (result.ok) return fresh;
  }
}
