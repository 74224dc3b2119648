import type { resources } from "@headgate/proto";
import type { PinnedPrice } from "./pinned-price.ts";
import { loadPriceList, needsPriceList, priceOf } from "./price-list.ts";

/**
 * The price of one deployment, looked up when its first call is made: the public list is not loaded
 * by those who never need it.
 */
export class DeploymentPrice {
  readonly #find: () => PinnedPrice | undefined;
  readonly #needsList: boolean;
  #found: { readonly price: PinnedPrice | undefined } | undefined;

  constructor(provider: resources.Provider, model: string, own: resources.Price | undefined) {
    this.#find = () => priceOf(provider, model, own);
    this.#needsList = own === undefined && needsPriceList(provider);
  }

  /** Undefined if no one says what it costs. */
  pin(): PinnedPrice | undefined | Promise<PinnedPrice | undefined> {
    if (this.#found) return this.#found.price;
    return this.#needsList ? loadPriceList().then(() => this.#look()) : this.#look();
  }

  #look(): PinnedPrice | undefined {
    this.#found = { price: this.#find() };
    return this.#found.price;
  }
}
