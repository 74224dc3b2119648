import { type Exchange, exchangeAnswer } from "../exchange.ts";
import { type FakeProvider, startFakeProvider } from "../fake-provider.ts";
import type { Reading } from "./reading.ts";
import { type Vendor, vendorOf } from "./vendor.ts";

/** Replays recordings to the official clients of their vendors, one at a time. */
export class VendorReader implements AsyncDisposable {
  readonly #provider: FakeProvider;

  private constructor(provider: FakeProvider) {
    this.#provider = provider;
  }

  static async start(): Promise<VendorReader> {
    return new VendorReader(await startFakeProvider());
  }

  /** What the vendor's official client makes of it. */
  async withClient(exchange: Exchange): Promise<Reading> {
    const { stream, kind } = exchange;
    this.#provider.setBehaviour(exchangeAnswer(exchange));
    const { origin } = this.#provider;
    return await vendorFor(exchange).readWithClient({ origin, stream, kind });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#provider.stop();
  }
}

/** What the bytes say. */
export function readRaw(exchange: Exchange): Reading {
  const { status } = exchange.response;
  if (status >= 400) return { kind: "error", status };
  return vendorFor(exchange).readRaw(exchange);
}

function vendorFor(exchange: Exchange): Vendor {
  const vendor = vendorOf(exchange);
  if (vendor === undefined) throw new Error(`nobody reads ${exchange.name}`);
  return vendor;
}
