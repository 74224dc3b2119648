/** Real servers for tests: etcd and NATS. */
export {
  etcdProgram,
  findServerProgram,
  natsProgram,
  type ServerProgram,
} from "./find-server-program.ts";
