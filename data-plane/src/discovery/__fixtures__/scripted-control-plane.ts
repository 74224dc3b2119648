import { Code, ConnectError, createRouterTransport, type Transport } from "@connectrpc/connect";
import { discovery } from "@headgate/proto";
import { RequestQueue } from "../request-queue.ts";

/** One stream that a node opened, as the test plays the other side of it. */
export class ScriptedStream {
  readonly received: discovery.StreamSnapshotsRequest["message"][] = [];
  readonly #responses = new RequestQueue<discovery.StreamSnapshotsResponse>();
  #failure: ConnectError | undefined;
  isOpen = true;
  /** Whether the node has cancelled the call, as a server sees it. */
  isCancelled = false;

  get hello(): discovery.Hello {
    const [first] = this.received;
    if (first?.case !== "hello") throw new Error("the stream did not begin with a Hello");
    return first.value;
  }

  /** ACKs and NACKs so far, such as "ack 5" or "nack 5". */
  get answers(): readonly string[] {
    return this.received.flatMap((message) =>
      message.case === "ack" || message.case === "nack"
        ? [`${message.case} ${message.value.version}`]
        : [],
    );
  }

  send(response: discovery.StreamSnapshotsResponse): void {
    this.#responses.push(response);
  }

  /** End it: cleanly, or as a crash does. */
  end(failure?: ConnectError): void {
    this.#failure ??= failure;
    this.isOpen = false;
    this.#responses.end();
  }

  async *play(requests: AsyncIterable<discovery.StreamSnapshotsRequest>, signal: AbortSignal) {
    signal.addEventListener("abort", () => {
      this.isCancelled = true;
      this.end();
    });
    void this.#listen(requests);
    yield* this.#responses;
    if (this.#failure) throw this.#failure;
  }

  async #listen(requests: AsyncIterable<discovery.StreamSnapshotsRequest>): Promise<void> {
    try {
      for await (const { message } of requests) this.received.push(message);
    } catch {
      // The node went away; what it said before counts.
    }
    this.end();
  }
}

/** A control plane without a will of its own, over a real Connect router in memory. */
export class ScriptedControlPlane {
  readonly streams: ScriptedStream[] = [];
  /** While false, every stream is refused. */
  isUp = true;
  readonly transport: Transport = createRouterTransport(({ service }) => {
    service(discovery.DiscoveryService, {
      streamSnapshots: (requests, { signal }) => {
        if (!this.isUp) throw new ConnectError("down", Code.Unavailable);
        const stream = new ScriptedStream();
        this.streams.push(stream);
        return stream.play(requests, signal);
      },
    });
  });

  /** The newest stream. */
  get stream(): ScriptedStream {
    const newest = this.streams.at(-1);
    if (!newest) throw new Error("no stream was opened yet");
    return newest;
  }

  goDown(): void {
    this.isUp = false;
    for (const stream of this.streams) stream.end(new ConnectError("killed", Code.Unavailable));
  }
}
