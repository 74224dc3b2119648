import type { ServerResponse } from "node:http";

/** Where the bytes come from, as far as the sink must hold it up. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/**
 * Writes an answer to the client as fast as the client reads. What Node holds is
 * bounded by its high-water mark (64 KiB) and one chunk; beyond that the
 * provider's connection is paused.
 */
export class ClientSink {
  readonly #response: ServerResponse;
  readonly #flow: Flow;
  #listening = false;
  #blocked = false;

  constructor(response: ServerResponse, flow: Flow) {
    this.#response = response;
    this.#flow = flow;
  }

  /** True while the client does not read what was written. */
  get blocked(): boolean {
    return this.#blocked;
  }

  write(chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    this.#blocked = true;
    this.#flow.pause();
    if (this.#listening) return;
    this.#listening = true;
    this.#response.on("drain", () => {
      this.#blocked = false;
      this.#flow.resume();
    });
  }
}
