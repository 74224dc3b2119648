import { connect, type Socket } from "node:net";
import { Lane } from "./lane.ts";
import { delayMs, type Shape } from "./shape.ts";

/** What a link tells its connections. `there` is from whoever connects to the target. */
export interface LinkTraffic {
  readonly there: boolean;
  readonly back: boolean;
  readonly shape: Shape;
}

export interface LinkTarget {
  readonly host: string;
  readonly port: number;
}

export interface LinkConnectionOptions {
  readonly traffic: LinkTraffic;
  readonly target: () => LinkTarget | undefined;
  readonly onBytes: (way: "there" | "back", count: number) => void;
  readonly onClose: () => void;
}

/**
 * One connection through a link.
 *
 * stalled -> connecting -> joined -> closed. It stalls for as long as packets are lost either way,
 * since no handshake would get through. Ends and resets of one side reach the other only over lanes
 * that are open; those that happen during a cut are told when it heals.
 */
export class LinkConnection {
  readonly #options: LinkConnectionOptions;
  readonly #near: Socket;
  #far: Socket | undefined;
  #lanes: { readonly there: Lane; readonly back: Lane } | undefined;
  #traffic: LinkTraffic;
  #opening: NodeJS.Timeout | undefined;
  #closed = false;

  /** `near` must be paused: nothing is read before there is somewhere to write it. */
  constructor(near: Socket, options: LinkConnectionOptions) {
    this.#near = near;
    this.#options = options;
    this.#traffic = options.traffic;
    near.setNoDelay(true);
    near.on("error", () => {}); // Its close tells.
    near.once("close", () => this.#sideClosed());
  }

  get stalled(): boolean {
    return this.#far === undefined;
  }

  setTraffic(traffic: LinkTraffic): void {
    const reshaped = traffic.shape !== this.#traffic.shape;
    this.#traffic = traffic;
    if (reshaped) {
      this.#lanes?.there.setShape(traffic.shape);
      this.#lanes?.back.setShape(traffic.shape);
    }
    this.#lanes?.there.setOpen(traffic.there);
    this.#lanes?.back.setOpen(traffic.back);
    this.#sideClosed();
    this.open();
  }

  /** Ends both sides with RST. */
  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#opening);
    this.#lanes?.there.close();
    this.#lanes?.back.close();
    resetSocket(this.#near);
    if (this.#far) resetSocket(this.#far);
    this.#options.onClose();
  }

  /** Goes to the target, now or once packets get through. May close, and say so, at once. */
  open(): void {
    if (this.#closed || this.#far) return;
    clearTimeout(this.#opening);
    const waitMs = delayMs(this.#traffic.shape);
    if (waitMs > 0) this.#opening = setTimeout(() => this.#connect(), waitMs);
    else this.#connect();
  }

  /** Once neither way is cut: the first packet and its answer have to get through. */
  #connect(): void {
    if (this.#closed || !this.#traffic.there || !this.#traffic.back) return;
    const target = this.#options.target();
    if (target === undefined) return this.reset();
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#far = far;
    far.on("error", () => {});
    far.once("close", () => this.#sideClosed());
    far.once("connect", () => this.#join(far));
  }

  #join(far: Socket): void {
    if (this.#closed) return;
    const near = this.#near;
    const lane = (way: "there" | "back", source: Socket, sink: Socket) =>
      new Lane({
        source,
        sink,
        shape: this.#traffic.shape,
        open: this.#traffic[way],
        onBytes: (count) => this.#options.onBytes(way, count),
      });
    this.#lanes = { there: lane("there", near, far), back: lane("back", far, near) };
  }

  /** When a side is gone for good, so is the other, unless the news is lost in a cut. */
  #sideClosed(): void {
    if (this.#closed) return;
    const near = this.#near;
    const far = this.#far;
    const newsPasses = (from: Socket, open: boolean) => from.closed && !endedWell(from) && open;
    if (!far && near.closed) return this.reset();
    if (newsPasses(near, this.#traffic.there)) return this.reset();
    if (far && newsPasses(far, this.#traffic.back)) return this.reset();
    if (near.closed && far?.closed) this.reset();
  }
}

/** Both directions came to their end, so that what is under way is still to be delivered. */
function endedWell(socket: Socket): boolean {
  return socket.readableEnded && socket.writableFinished;
}

function resetSocket(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}
