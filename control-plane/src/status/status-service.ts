import type { ServiceImpl } from "@connectrpc/connect";
import type { Bus } from "@headgate/bus";
import type { admin } from "@headgate/proto";
import type { Elector } from "../leadership/elector.ts";
import type { Store } from "../store/store.ts";

export interface StatusServiceOptions {
  readonly replica: string;
  readonly region: string;
  readonly build: string;
  readonly store: Store;
  readonly bus: Bus;
  /** For people: what the two are made of. */
  readonly kinds: BackendKinds;
  readonly electors: readonly Elector[];
  /** Of the snapshot served. */
  readonly version: () => number;
  readonly listReplicas: () => admin.Replica[];
}

export interface BackendKinds {
  /** "embedded" or "etcd". */
  readonly store: string;
  /** "embedded" or "nats". */
  readonly bus: string;
}

export type StatusService = Pick<ServiceImpl<typeof admin.AdminService>, "getStatus">;

/** The control plane, as this replica sees it. Answers also while the store is away: then it says so. */
export function createStatusService(options: StatusServiceOptions): StatusService {
  const { replica, region, build, bus, kinds, electors, version, listReplicas } = options;
  return {
    getStatus: async () => ({
      replica,
      region,
      build,
      version: BigInt(version()),
      store: kinds.store,
      storeProblem: await storeProblem(options.store),
      bus: kinds.bus,
      busProblem: bus.status().connected ? "" : "no connection",
      leaders: electors.map((elector) => {
        const { scope, leader = "", epoch = 0 } = elector.status();
        return { scope, replica: leader, epoch: BigInt(epoch) };
      }),
      replicas: listReplicas(),
    }),
  };
}

/** What a read of the store comes to. Empty: it works. */
async function storeProblem(store: Store): Promise<string> {
  try {
    await store.get("/health");
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
