import { createHash } from "node:crypto";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { gunzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { resourceHash } from "@headgate/core";
import { discovery } from "@headgate/proto";

export interface LightNodeOptions {
  readonly origin: string;
  readonly name: string;
  /** As nodes do: what is above 1 KiB then comes compressed. */
  readonly acceptsGzip: boolean;
  /** Told of every resource put to use, when its ACK has been written: its revision. */
  readonly onApplied: (revision: bigint) => void;
}

export type StreamEnd = { readonly retryAfterMs: number | undefined; readonly reason: string };

const path = "/headgate.discovery.v1.DiscoveryService/StreamSnapshots";
const requestSchema = discovery.StreamSnapshotsRequestSchema;
type Message = discovery.StreamSnapshotsRequest["message"];
type Response = discovery.StreamSnapshotsResponse;

/**
 * A node by the book on a connection of its own, without what makes a real one heavy: it applies
 * deltas as a whole, checks that they start where it is and that the state hash is right, and ACKs.
 * A full snapshot that another node of this process has just decoded is not decoded again.
 */
export class LightNode {
  version = 0n;
  readonly #options: LightNodeOptions;
  #content: NodeContent = { shared: new Map(), own: new Map(), stateHash: 0n };
  #session: ClientHttp2Session | undefined;
  /** Of a response that is not whole yet. */
  #chunks: Buffer[] = [];
  #pendingBytes = 0;
  #closedBytes = 0;
  /** Responses applied. */
  applied = 0;

  constructor(options: LightNodeOptions) {
    this.#options = options;
  }

  /** Received at the socket so far, over all connections: HTTP/2 frames, headers and all. */
  get bytesRead(): number {
    return this.#closedBytes + (this.#session?.socket?.bytesRead ?? 0);
  }

  /** Open a stream, resuming from what the node has. Resolves when it has answered a first response. */
  open(): Promise<StreamEnd | "live"> {
    const { origin, name, acceptsGzip } = this.#options;
    const session = connect(origin);
    this.#session = session;
    this.#chunks = [];
    this.#pendingBytes = 0;
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc+proto",
      te: "trailers",
      ...(acceptsGzip && { "grpc-accept-encoding": "gzip" }),
    });
    const hello = { node: name, region: "bench", build: "bench-1", bootId: "boot" };
    const position = { appliedVersion: this.version, stateHash: this.#content.stateHash };
    this.#send(stream, {
      case: "hello",
      value: create(discovery.HelloSchema, { ...hello, ...position }),
    });
    return this.#follow(session, stream);
  }

  close(): void {
    this.#closedBytes = this.bytesRead;
    this.#session?.destroy();
    this.#session = undefined;
  }

  #follow(session: ClientHttp2Session, stream: ClientHttp2Stream): Promise<StreamEnd | "live"> {
    return new Promise((resolve) => {
      const end = (reason: string, retryAfterMs?: number) => {
        if (this.#session === session) this.close();
        resolve({ reason, retryAfterMs });
      };
      const read = (headers: Record<string, unknown>) => {
        if (headers["grpc-status"] === undefined) return;
        const asked = Number(headers["x-headgate-retry-after-ms"] ?? Number.NaN);
        const reason = decodeURIComponent(
          String(headers["grpc-message"] ?? headers["grpc-status"]),
        );
        end(reason, Number.isNaN(asked) ? undefined : asked);
      };
      session.on("error", (error) => end(error.message));
      stream.on("error", (error) => end(error.message));
      stream.on("response", read);
      stream.on("trailers", read);
      stream.on("close", () => end("closed"));
      stream.on("data", (bytes: Buffer) => {
        try {
          if (this.#read(stream, bytes)) resolve("live");
        } catch (error) {
          end(error instanceof Error ? error.message : String(error));
        }
      });
    });
  }

  /** True if there was a whole response in it. */
  #read(stream: ClientHttp2Stream, bytes: Buffer): boolean {
    this.#chunks.push(bytes);
    this.#pendingBytes += bytes.length;
    const first = this.#chunks[0];
    if (this.#pendingBytes < 5 || first === undefined) return false;
    const head = first.length >= 5 ? first : Buffer.concat(this.#chunks);
    if (this.#pendingBytes < 5 + head.readUInt32BE(1)) return false;
    let pending = Buffer.concat(this.#chunks);
    while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
      const end = 5 + pending.readUInt32BE(1);
      const body = pending.subarray(5, end);
      this.#apply(stream, pending[0] === 1 ? gunzipSync(body) : body);
      pending = pending.subarray(end);
    }
    this.#chunks = pending.length > 0 ? [pending] : [];
    this.#pendingBytes = pending.length;
    return true;
  }

  #apply(stream: ClientHttp2Stream, bytes: Buffer): void {
    const decoded = decode(bytes);
    const { nonce, version } = decoded;
    this.#content = applied(this.#content, this.version, decoded);
    this.version = version;
    this.applied += 1;
    this.#send(stream, { case: "ack", value: create(discovery.AckSchema, { nonce, version }) });
    if (decoded.fromVersion === 0n) return;
    for (const { revision } of decoded.upserts) this.#options.onApplied(revision);
  }

  #send(stream: ClientHttp2Stream, message: Message): void {
    const body = toBinary(requestSchema, create(requestSchema, { message }));
    const frame = Buffer.alloc(5 + body.length);
    frame.writeUInt32BE(body.length, 1);
    frame.set(body, 5);
    stream.write(frame);
  }
}

interface NodeContent {
  /** As of the last full snapshot: one map for all nodes that got the same. */
  readonly shared: ReadonlyMap<string, bigint>;
  /** Since then: hash of the resource, or undefined if it is gone. */
  readonly own: Map<string, bigint | undefined>;
  readonly stateHash: bigint;
}

interface Decoded {
  readonly nonce: string;
  readonly fromVersion: bigint;
  readonly version: bigint;
  readonly stateHash: bigint;
  readonly upserts: readonly { readonly id: string; readonly revision: bigint }[];
  readonly removed: readonly string[];
  /** Of a full snapshot. */
  readonly whole?: ReadonlyMap<string, bigint>;
}

/** @throws Error if the delta does not fit, or leads elsewhere than it says. */
function applied(before: NodeContent, version: bigint, delta: Decoded): NodeContent {
  const content = contentAfter(before, version, delta);
  if (content.stateHash !== delta.stateHash) throw new Error("the state hash differs");
  return content;
}

function contentAfter(before: NodeContent, version: bigint, delta: Decoded): NodeContent {
  if (delta.whole) return { shared: delta.whole, own: new Map(), stateHash: hashOf(delta.whole) };
  if (delta.fromVersion !== version) throw new Error("not a delta from the version in use");
  const { shared, own } = before;
  let { stateHash } = before;
  const put = (id: string, hash: bigint | undefined) => {
    stateHash ^= (own.has(id) ? own.get(id) : shared.get(id)) ?? 0n;
    stateHash ^= hash ?? 0n;
    own.set(id, hash);
  };
  for (const { id, revision } of delta.upserts) put(id, hashOfResource(id, revision));
  for (const id of delta.removed) put(id, undefined);
  return { shared, own, stateHash };
}

/** The last full snapshots of this process, by a digest of all but the nonce. */
const fulls = new Map<string, Decoded>();
const fullsMax = 4;
const largeBytes = 64 * 1024;

function decode(bytes: Buffer): Decoded {
  if (bytes.length < largeBytes) return decodeWhole(bytes);
  // The nonce is the first field: a tag, a length below 128, and so many bytes.
  const nonceEnd = 2 + (bytes[1] ?? 0);
  const nonce = bytes.subarray(2, nonceEnd).toString();
  const digest = createHash("sha1").update(bytes.subarray(nonceEnd)).digest("base64");
  let decoded = fulls.get(digest);
  if (!decoded) {
    decoded = decodeWhole(bytes);
    if (fulls.size >= fullsMax) fulls.clear();
    fulls.set(digest, decoded);
  }
  return { ...decoded, nonce };
}

function decodeWhole(bytes: Uint8Array): Decoded {
  const response: Response = fromBinary(discovery.StreamSnapshotsResponseSchema, bytes);
  const { nonce, fromVersion, version, stateHash } = response;
  const upserts = response.upserts.map(({ resource, revision }) => ({
    id: `${resource.case}/${nameOf(resource)}`,
    revision,
  }));
  const removed = response.removed.map(({ kind, name }) => `${kind}/${name}`);
  const decoded = { nonce, fromVersion, version, stateHash, upserts, removed };
  if (fromVersion !== 0n) return decoded;
  const whole = new Map(upserts.map(({ id, revision }) => [id, hashOfResource(id, revision)]));
  return { ...decoded, whole };
}

function nameOf({ case: kind, value }: discovery.Resource["resource"]): string {
  return kind !== "settings" && value ? value.name : "default";
}

function hashOfResource(id: string, revision: bigint): bigint {
  const slash = id.indexOf("/");
  return resourceHash({ kind: id.slice(0, slash), name: id.slice(slash + 1), revision });
}

const hashes = new WeakMap<ReadonlyMap<string, bigint>, bigint>();

function hashOf(whole: ReadonlyMap<string, bigint>): bigint {
  let hash = hashes.get(whole);
  if (hash === undefined) {
    hash = 0n;
    for (const one of whole.values()) hash ^= one;
    hashes.set(whole, hash);
  }
  return hash;
}
