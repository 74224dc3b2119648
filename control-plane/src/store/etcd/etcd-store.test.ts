import { systemClock } from "@headgate/core";
import { type EtcdServer, startEtcd } from "@headgate/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { storeConformance } from "../store.conformance.ts";
import { createEtcdStore } from "./etcd-store.ts";

let etcd: EtcdServer;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd[Symbol.asyncDispose]());

let stores = 0;
storeConformance("etcd store", async () => {
  stores += 1;
  const options = { hosts: [etcd.clientUrl], prefix: `/store-${stores}`, clock: systemClock };
  let store = createEtcdStore(options);
  return {
    store,
    advance: (ms) => systemClock.sleep(ms),
    async reopen() {
      await store.close();
      store = createEtcdStore(options);
      return store;
    },
    dispose: () => store.close(),
  };
});
