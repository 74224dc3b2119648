/** Real servers for tests: etcd and NATS. */
export { EtcdCluster, type EtcdClusterOptions, startEtcdCluster } from "./etcd-cluster.ts";
export type { EtcdOptions, EtcdTls } from "./etcd-options.ts";
export { EtcdServer, startEtcd } from "./etcd-server.ts";
export {
  etcdProgram,
  findServerProgram,
  natsProgram,
  type ServerProgram,
} from "./find-server-program.ts";
export { freePorts } from "./free-ports.ts";
