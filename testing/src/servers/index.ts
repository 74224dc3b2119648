/** Real servers for tests: etcd and NATS. */
export { EtcdCluster, type EtcdClusterOptions, startEtcdCluster } from "./etcd-cluster.ts";
export type { EtcdOptions, EtcdTls } from "./etcd-options.ts";
export { addPrefixUser, enableRootAuth } from "./etcd-root-auth.ts";
export { EtcdServer, startEtcd } from "./etcd-server.ts";
export {
  etcdProgram,
  findServerProgram,
  natsProgram,
  type ServerProgram,
} from "./find-server-program.ts";
export { freePorts } from "./free-ports.ts";
export type { NatsAuthorization, NatsCluster, NatsGateway, NatsPorts } from "./nats-config.ts";
export { NatsServer, type NatsServerOptions, natsPorts, startNats } from "./nats-server.ts";
export {
  type NatsLink,
  type NatsSuperClusterOptions,
  startNatsSuperCluster,
} from "./nats-super-cluster.ts";
export { PartitionableEtcd, startPartitionableEtcd } from "./partitionable-etcd.ts";
