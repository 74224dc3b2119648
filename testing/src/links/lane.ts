import type { Socket } from "node:net";
import { delayMs, type Shape } from "./shape.ts";

/** What one direction holds at most before it stops reading. Over this, the sender waits. */
export const laneMaxBytes = 256 * 1024;

export interface LaneOptions {
  readonly source: Socket;
  readonly sink: Socket;
  readonly shape: Shape;
  readonly open: boolean;
  readonly onBytes: (count: number) => void;
}

/** A piece under way; without bytes, the end of the stream. One that is due waits for those before. */
interface Piece {
  readonly bytes?: Buffer;
  dueMs: number;
}

/**
 * One direction of a connection: what is read from one socket is written to the other, late when
 * the link is slow, not at all while it is cut. Pieces are written one after the other, each once
 * the kernel took the one before, so a cut leaves nothing behind that could still go out.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #pieces: Piece[] = [];
  #shape: Shape;
  #open: boolean;
  #heldBytes = 0;
  #writing = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the last piece is off the sender's wire. */
  #sentMs = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#shape = options.shape;
    this.#open = options.open;
    const { source } = options;
    source.on("data", (bytes: Buffer) => this.#take({ bytes, dueMs: this.#dueMs(bytes.length) }));
    source.once("end", () => this.#take({ dueMs: this.#dueMs(0) }));
    this.#flow();
  }

  /** Lets bytes pass, or stops them. What is under way waits, as if sent again after the cut. */
  setOpen(open: boolean): void {
    this.#open = open;
    this.#flow();
    this.#pump();
  }

  /** Pieces under way arrive no later than they would with the new shape. */
  setShape(shape: Shape): void {
    this.#shape = shape;
    const latestMs = performance.now() + shape.latencyMs;
    for (const piece of this.#pieces) piece.dueMs = Math.min(piece.dueMs, latestMs);
    this.#sentMs = Math.min(this.#sentMs, performance.now());
    this.#pump();
  }

  close(): void {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#pieces.length = 0;
    this.#heldBytes = 0;
  }

  #dueMs(bytes: number): number {
    const { bytesPerSecond = Number.POSITIVE_INFINITY } = this.#shape;
    const onWireMs = (bytes / bytesPerSecond) * 1_000;
    this.#sentMs = Math.max(performance.now(), this.#sentMs) + onWireMs;
    return this.#sentMs + delayMs(this.#shape);
  }

  #take(piece: Piece): void {
    this.#pieces.push(piece);
    this.#heldBytes += piece.bytes?.length ?? 0;
    this.#flow();
    this.#pump();
  }

  #flow(): void {
    const { source } = this.#options;
    if (this.#open && this.#heldBytes < laneMaxBytes) source.resume();
    else source.pause();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    const [piece] = this.#pieces;
    if (!this.#open || this.#writing || piece === undefined) return;
    const waitMs = piece.dueMs - performance.now();
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMs));
      return;
    }
    this.#pieces.shift();
    if (piece.bytes === undefined) this.#options.sink.end();
    else this.#write(piece.bytes);
  }

  #write(bytes: Buffer): void {
    this.#writing = true;
    this.#options.sink.write(bytes, (error) => {
      this.#writing = false;
      this.#heldBytes -= bytes.length;
      if (error) return; // The socket's close says the rest.
      this.#options.onBytes(bytes.length);
      this.#flow();
      this.#pump();
    });
  }
}
