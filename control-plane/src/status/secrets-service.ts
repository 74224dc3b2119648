import type { ServiceImpl } from "@connectrpc/connect";
import type { Sealer } from "@headgate/config";
import type { Clock } from "@headgate/core";
import type { admin } from "@headgate/proto";
import type { Auditor } from "../audit/auditor.ts";
import { countSealed } from "../secrets/count-stale.ts";
import { resealStore } from "../secrets/reseal-store.ts";
import type { Store } from "../store/store.ts";

export interface SecretsServiceOptions {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly auditor: Auditor;
}

export type SecretsService = Pick<
  ServiceImpl<typeof admin.AdminService>,
  "getSecretsStatus" | "resealSecrets"
>;

/** Between two transactions of 100: somebody waits for this, and nodes keep up all the same. */
const pauseMs = 50;

/** How the store is sealed, and sealing it anew. Ends early, safely, when the caller goes away. */
export function createSecretsService(options: SecretsServiceOptions): SecretsService {
  const { store, sealer, clock, auditor } = options;
  return {
    getSecretsStatus: async (_request, { signal }) => {
      const { values, stale } = await countSealed(store, sealer, undefined, signal);
      return { values: BigInt(values), stale: BigInt(stale) };
    },
    resealSecrets: async (_request, context) => {
      const { signal } = context;
      const done = await resealStore({ store, sealer, clock, signal, pauseMs });
      const { resealed, remaining = 0, unreadable } = done;
      const change = { kind: "secrets", name: "store", action: "updated" } as const;
      const entry = auditor.entryForOther(auditor.sourceOf(context), [change]);
      if (resealed > 0) await store.transact({ writes: [entry] });
      return {
        resealed: BigInt(resealed),
        remaining: BigInt(remaining),
        unreadable: BigInt(unreadable),
      };
    },
  };
}
