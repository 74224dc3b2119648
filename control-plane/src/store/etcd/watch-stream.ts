import { Duplex } from "node:stream";
import type { IDuplexStream, IWatchRequest, IWatchResponse } from "etcd3";
import type { CallOptions, Member } from "./member.ts";

type EtcdDuplex = Duplex & IDuplexStream<IWatchRequest, IWatchResponse>;

/** One watch of one member, read as it is wanted: what is not taken yet stays with etcd. */
export class WatchStream {
  readonly member: Member;
  readonly #duplex: EtcdDuplex;
  readonly #responses: AsyncIterator<IWatchResponse>;
  #next: Promise<IteratorResult<IWatchResponse>> | undefined;

  private constructor(member: Member, duplex: EtcdDuplex) {
    this.member = member;
    this.#duplex = duplex;
    this.#responses = duplex[Symbol.asyncIterator]();
  }

  static async open(
    member: Member,
    create: NonNullable<IWatchRequest["create_request"]>,
    options: CallOptions,
  ): Promise<WatchStream> {
    const duplex = await member.client.watchClient.watch(options);
    // etcd3's type shows less of it.
    if (!(duplex instanceof Duplex)) throw new TypeError("etcd3 gave a watch that is no stream");
    const stream = new WatchStream(member, duplex);
    stream.#write({ create_request: create });
    return stream;
  }

  /** The next response, the same until taken: a wait for it may be given up and made again. */
  next(): Promise<IteratorResult<IWatchResponse>> {
    if (!this.#next) {
      const next = this.#responses.next();
      next.catch(() => {}); // Whoever waits for it is told.
      this.#next = next;
    }
    return this.#next;
  }

  take(): void {
    this.#next = undefined;
  }

  /** Have etcd say something, which shows that the stream still works. */
  requestProgress(): void {
    this.#write({ progress_request: {} });
  }

  /** Ended before it is cancelled, for else etcd3 takes the cancellation for a failure of the member. */
  close(): void {
    this.#duplex.end();
    this.#duplex.cancel();
  }

  #write(request: IWatchRequest): void {
    if (this.#duplex.writable) this.#duplex.write(request);
  }
}
