import { create } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { resourceHash } from "@headgate/core";
import { discovery } from "@headgate/proto";

type Request = discovery.StreamSnapshotsRequest;
type Response = discovery.StreamSnapshotsResponse;

/** A node by the book: keeps its resources by applying deltas, for tests of the other side. */
export class TestNode {
  readonly resources = new Map<string, bigint>();
  version = 0n;
  readonly #outbox: Request[] = [];
  #wake: () => void = () => undefined;
  readonly #stopper = new AbortController();
  readonly #responses: AsyncIterator<Response>;

  constructor(
    transport: Transport,
    options: {
      readonly name?: string;
      readonly region?: string;
      readonly build?: string;
      readonly resume?: { readonly version: bigint; readonly stateHash: bigint };
      readonly from?: TestNode;
      readonly headers?: Record<string, string>;
    } = {},
  ) {
    if (options.from) {
      this.version = options.from.version;
      this.resources = new Map(options.from.resources);
    }
    const { signal } = this.#stopper;
    const client = createClient(discovery.DiscoveryService, transport);
    const headers = options.headers ?? {};
    const stream = client.streamSnapshots(this.#requests(), { signal, headers });
    this.#responses = stream[Symbol.asyncIterator]();
    this.send({
      case: "hello",
      value: create(discovery.HelloSchema, {
        node: options.name ?? "node-1",
        region: options.region ?? "test",
        build: options.build ?? "1",
        bootId: "b1",
        appliedVersion: options.resume?.version ?? this.version,
        stateHash: options.resume?.stateHash ?? this.stateHash,
      }),
    });
  }

  get stateHash(): bigint {
    let hash = 0n;
    for (const [id, revision] of this.resources) {
      const slash = id.indexOf("/");
      const name = id.slice(slash + 1);
      hash ^= resourceHash({ kind: id.slice(0, slash), name, revision });
    }
    return hash;
  }

  get names(): string[] {
    return [...this.resources.keys()].sort();
  }

  send(message: Request["message"]): void {
    this.#outbox.push(create(discovery.StreamSnapshotsRequestSchema, { message }));
    this.#wake();
  }

  /** The next response, not yet answered. Rejects if the stream fails. */
  async receive(): Promise<Response> {
    const { done, value } = await this.#responses.next();
    if (done) throw new Error("the stream ended");
    return value;
  }

  /** Apply and ACK. Throws if the delta does not fit, or does not lead where it says. */
  accept(response: Response): Response {
    if (response.fromVersion === 0n) this.resources.clear();
    else if (response.fromVersion !== this.version) throw new Error("not a delta from our version");
    for (const { resource, revision } of response.upserts) {
      this.resources.set(
        `${resource.case}/${resource.value?.$typeName.endsWith("Settings") ? "default" : nameOf(resource)}`,
        revision,
      );
    }
    for (const { kind, name } of response.removed) this.resources.delete(`${kind}/${name}`);
    if (this.stateHash !== response.stateHash) throw new Error("the state hash differs");
    this.version = response.version;
    this.send({
      case: "ack",
      value: create(discovery.AckSchema, { nonce: response.nonce, version: response.version }),
    });
    return response;
  }

  /** NACK, because of these: `kind/name`. */
  refuse(
    { nonce }: Response,
    names: readonly string[],
    options: { readonly message?: string; readonly diverged?: boolean } = {},
  ): void {
    const { message = "poisoned", diverged = false } = options;
    const rejected = names.map((id) => {
      const slash = id.indexOf("/");
      return { kind: id.slice(0, slash), name: id.slice(slash + 1), message };
    });
    this.send({
      case: "nack",
      value: create(discovery.NackSchema, { nonce, version: this.version, rejected, diverged }),
    });
  }

  async next(): Promise<Response> {
    return this.accept(await this.receive());
  }

  /** Close the connection from this side, as a lost node would. */
  stop(): void {
    this.#stopper.abort();
    this.#wake();
  }

  async *#requests(): AsyncGenerator<Request> {
    while (!this.#stopper.signal.aborted) {
      const request = this.#outbox.shift();
      if (request) yield request;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

function nameOf(resource: discovery.Resource["resource"]): string {
  return resource.value && "name" in resource.value ? resource.value.name : "";
}
