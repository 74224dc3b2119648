import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Authority,
  type CommandResult,
  createAuthority,
  HeadgateProcess,
  runHeadgate,
  temporaryFolder,
} from "@headgate/testing";
import {
  addPrefixUser,
  type EtcdServer,
  enableRootAuth,
  freePorts,
  type NatsServer,
  startEtcd,
  startNats,
} from "@headgate/testing/servers";

export const etcdPassword = "etcd-password-of-headgate";
export const masterKey = Buffer.alloc(32, 7).toString("base64");
const rootToken = "root-token-of-all-replicas";

/** How an operator's files or environment may differ from what is right. */
export interface Difference {
  readonly edit?: (yaml: string) => string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Replicas and nodes as config/examples/regions has them, over an etcd and a NATS that want TLS and passwords. */
export class Replicas implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly folder: string;
  readonly etcd: EtcdServer;
  readonly nats: NatsServer;

  private constructor(
    stack: AsyncDisposableStack,
    parts: { readonly folder: string; readonly etcd: EtcdServer; readonly nats: NatsServer },
  ) {
    this.#stack = stack;
    this.folder = parts.folder;
    this.etcd = parts.etcd;
    this.nats = parts.nats;
  }

  static async start(): Promise<Replicas> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(temporaryFolder()).path;
    const authority = createAuthority();
    writeFiles(join(folder, "tls"), authority);
    const server = authority.issue({ commonName: "server" });
    const etcd = stack.use(await startEtcd({ tls: { ...server, clientCa: authority.ca } }));
    await addPrefixUser(etcd, { name: "headgate", password: etcdPassword, prefix: "/headgate" });
    await enableRootAuth(etcd, "etcd-password-of-root");
    const authorization = { user: "headgate", password: "nats-password-of-headgate" };
    const nats = stack.use(await startNats({ tls: server, authorization }));
    return new Replicas(stack.move(), { folder, etcd, nats });
  }

  /** A replica that is ready. */
  async startReplica(name: string): Promise<Replica> {
    const process = await this.launch(name);
    await process.waitUntilReady();
    return new Replica(process, this.folder);
  }

  /** A process of a replica, whatever becomes of it. */
  async launch(name: string, { edit = (yaml) => yaml, env = {} }: Difference = {}) {
    const [admin = 0, grpc = 0] = await freePorts(2);
    const yaml = exampleOf("control-plane.yaml")
      .replace("replica: eu-west-a", `replica: ${name}`)
      .replace("0.0.0.0:8081", `127.0.0.1:${admin}`)
      .replace("0.0.0.0:18000", `127.0.0.1:${grpc}`)
      .replace("./state-cp", `./state-${name}`)
      .replace(/hosts: \[.*\]/, `hosts: [${this.etcd.clientUrl}]`);
    return this.#spawn("control-plane", { name, yaml: edit(yaml), env });
  }

  /** A node of the example, that is ready: by its certificate, or by a join token. */
  async startNode(
    name: string,
    { replica, joinToken }: { readonly replica: Replica; readonly joinToken?: string },
  ): Promise<HeadgateProcess> {
    const yaml = exampleOf("data-plane.yaml")
      .replace("node: eu-west-1", `node: ${name}`)
      .replace("0.0.0.0:8080", "127.0.0.1:0")
      .replace("127.0.0.1:9090", "127.0.0.1:0")
      .replace(/endpoints: \[.*\]/, `endpoints: [${replica.grpcUrl}]`)
      .replace("./state", `./state-${name}`);
    const joining = yaml.replace(/, cert: .*key.pem/, "").replace("# join_token", "join_token");
    const process = this.#spawn("data-plane", {
      ...{ name, yaml: joinToken === undefined ? yaml : joining },
      env: joinToken === undefined ? {} : { JOIN_TOKEN: joinToken },
    });
    await process.waitUntilReady();
    return process;
  }

  #spawn(
    command: string,
    {
      name,
      yaml,
      env,
    }: { readonly name: string; readonly yaml: string } & Required<Pick<Difference, "env">>,
  ): HeadgateProcess {
    const file = join(this.folder, `${name}.yaml`);
    const withNats = yaml
      .replace(/servers: \[.*\]/, `servers: [${this.nats.clientUrl}]`)
      .replace(/credentials_file: .*/, `username: headgate\n    password: $${"{NATS_PASSWORD}"}`);
    writeFileSync(file, withNats);
    const common: Record<string, string> = {
      ETCD_PASSWORD: etcdPassword,
      NATS_PASSWORD: "nats-password-of-headgate",
      HEADGATE_MASTER_KEY: masterKey,
      HEADGATE_ADMIN_TOKEN: rootToken,
    };
    const args = [command, "--config", file];
    const options = { args, folder: this.folder, env: { ...common, ...env } };
    return this.#stack.use(new HeadgateProcess(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** A replica that is ready, and `headgate` commands to it. */
export class Replica {
  readonly process: HeadgateProcess;
  readonly #folder: string;

  constructor(process: HeadgateProcess, folder: string) {
    this.process = process;
    this.#folder = folder;
  }

  get name(): string {
    return this.process.url("replica");
  }

  get grpcUrl(): string {
    return this.process.url("grpc");
  }

  get env() {
    return {
      HEADGATE_SERVER: this.process.url("admin"),
      HEADGATE_ADMIN_TOKEN: rootToken,
      NODE_EXTRA_CA_CERTS: join(this.#folder, "tls", "control-plane-ca.pem"),
    };
  }

  /** @throws with the output when the command fails. */
  async headgate(...args: readonly string[]): Promise<string> {
    const { code, output }: CommandResult = await runHeadgate(args, {
      ...{ folder: this.#folder, env: this.env },
    });
    if (code !== 0) throw new Error(`headgate ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  /** @throws as headgate(). */
  async apply(yaml: string): Promise<string> {
    const file = join(this.#folder, "resources.yaml");
    writeFileSync(file, yaml);
    return await this.headgate("apply", "-f", file);
  }

  /** A command that goes on. Dispose of it. */
  follow(...args: readonly string[]): HeadgateProcess {
    return new HeadgateProcess({ args, folder: this.#folder, env: this.env });
  }
}

/** Under the names that the examples have. */
function writeFiles(folder: string, authority: Authority): void {
  mkdirSync(folder);
  const write = (name: string, pem: string) => writeFileSync(join(folder, name), pem);
  const server = authority.issue({ commonName: "control-plane" });
  const uris = ["spiffe://headgate/region/eu-west/node/eu-west-1"];
  const node = authority.issue({ commonName: "node", hosts: [], uris, use: "client" });
  const etcdClient = authority.issue({ commonName: "nobody", use: "client" });
  for (const of of ["etcd", "nats", "nodes", "control-plane"]) write(`${of}-ca.pem`, authority.ca);
  write("another-ca.pem", createAuthority("Another authority").ca);
  write("server.pem", server.cert);
  write("server-key.pem", server.key);
  write("node.pem", node.cert);
  write("node-key.pem", node.key);
  write("etcd-client.pem", etcdClient.cert);
  write("etcd-client-key.pem", etcdClient.key);
}

function exampleOf(file: string): string {
  const url = new URL(`../../config/examples/regions/${file}`, import.meta.url);
  return readFileSync(url, "utf8");
}
