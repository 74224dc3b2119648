/** The control plane: admin API, store, snapshots, discovery. */
export type { Applied } from "./admin/apply-service.ts";
export {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "./control-plane.ts";
export type { DebounceTimes } from "./discovery/debouncer.ts";
export type { BoundAddress, ListenAt } from "./http/listener.ts";
export { createEmbeddedStore, type EmbeddedStoreOptions } from "./store/embedded-store.ts";
export type {
  EtcdCredentials,
  EtcdStoreOptions,
  EtcdTlsOptions,
} from "./store/etcd/etcd-store-options.ts";
export {
  type Change,
  CompactedError,
  type Compare,
  type Entry,
  type ListOptions,
  type Read,
  type ReadOptions,
  type Store,
  type StoreLease,
  storeLimits,
  type Transaction,
  type TransactionResult,
  type WatchBatch,
  type WatchOptions,
  type Write,
} from "./store/store.ts";
export { StoreError } from "./store/store-error.ts";
