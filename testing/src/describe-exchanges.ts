import { describe } from "vitest";
import { type ExchangeLibrary, exchangeFolders, openExchanges } from "./exchange-library.ts";

/**
 * A vitest suite over the recorded exchanges. Where they are absent the suite is skipped and
 * says so, since a suite that quietly proves nothing looks the same as one that passed.
 */
export function describeExchanges(title: string, body: (exchanges: ExchangeLibrary) => void): void {
  const exchanges = openExchanges();
  if (exchanges) {
    describe(title, () => body(exchanges));
    return;
  }
  const places = exchangeFolders().join(", ");
  console.warn(`Skipped "${title}": no recorded exchanges in ${places}; set HEADGATE_EXCHANGES.`);
  describe.skip(title, () => {});
}
