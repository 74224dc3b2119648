import { type Exchange, exchangeBytes } from "@headgate/testing";
import { type Reading, readRaw, servable, VendorReader } from "@headgate/testing/vendor-readings";
import { afterAll, beforeAll, expect, it } from "vitest";

/** Tests, within a suite, that our two ways to read what a vendor said agree. */
export function proveRead(exchanges: readonly Exchange[]): void {
  let reader: VendorReader;
  beforeAll(async () => {
    reader = await VendorReader.start();
  });
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
  });

  it.each(exchanges.map(servable))(
    "$name: its client reads what the bytes say",
    async (exchange) => {
      const reading = reader.withClient(exchange);
      const limit = clientLimits.find(({ of }) => of(exchange));
      if (limit) await expect(reading, limit.reason).rejects.toThrow(limit.error);
      else
        expect(comparable(await reading, exchange)).toEqual(
          comparable(readRaw(exchange), exchange),
        );
    },
  );
}

/** Within a 200 an error has a status in the bytes alone, and what was begun is known to nobody else. */
function comparable(reading: Reading, { response }: Exchange): unknown {
  if (reading.kind === "answer" || response.status !== 200) return reading;
  return reading.kind;
}

/** What an official client cannot read. What the bytes say then decides alone. */
const clientLimits: readonly {
  readonly reason: string;
  readonly of: (exchange: Exchange) => boolean;
  readonly error: RegExp;
}[] = [
  {
    reason: "@google/genai gives up where the last event lacks the empty line after it.",
    of: (exchange) =>
      exchange.kind === "streamGenerateContent" &&
      exchange.stream &&
      !/\n\r?\n$/.test(exchangeBytes(exchange).toString()),
    error: /Incomplete JSON segment/,
  },
];
