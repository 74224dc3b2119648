/** Bytes sent between two questions whether the server has them. */
const confirmEveryBytes = 64 * 1024;

export interface OutboundMeterOptions {
  readonly bytesMax: number;
  /** Resolves when the server has taken all that was sent before; rejects with the connection. */
  readonly confirm: () => Promise<void>;
}

/**
 * Knows about how many bytes were sent that the server did not confirm. A server that stops reading
 * would otherwise have us buffer all that is published until the connection is given up.
 */
export class OutboundMeter {
  readonly #options: OutboundMeterOptions;
  #unconfirmedBytes = 0;
  #confirming = false;

  constructor(options: OutboundMeterOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#unconfirmedBytes >= this.#options.bytesMax;
  }

  add(bytes: number): void {
    this.#unconfirmedBytes += bytes;
    if (this.#unconfirmedBytes >= confirmEveryBytes && !this.#confirming) void this.#confirm();
  }

  async #confirm(): Promise<void> {
    this.#confirming = true;
    const sentBytes = this.#unconfirmedBytes;
    try {
      await this.#options.confirm();
      this.#unconfirmedBytes -= sentBytes;
    } catch {
      // The connection is over, and this meter with it.
    } finally {
      this.#confirming = false;
    }
  }
}
