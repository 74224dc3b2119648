import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import {
  readRaw,
  servable,
  VendorReader,
  vendorKinds,
  vendorOf,
} from "@headgate/testing/vendor-readings";
import { afterAll, beforeAll, expect, it } from "vitest";

describeExchanges("what recorded answers say", (library) => {
  const exchanges = library
    .list({ kinds: vendorKinds, where: (exchange) => vendorOf(exchange) !== undefined })
    .map(servable);
  let reader: VendorReader;
  beforeAll(async () => {
    reader = await VendorReader.start();
  });
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
  });

  it("are of every vendor, whole and streamed", () => {
    const kinds = exchanges.map((e) => `${vendorOf(e)?.name} ${e.stream ? "stream" : "whole"}`);
    expect(new Set(kinds).size).toBe(10);
    expect(exchanges.length).toBeGreaterThan(300);
  });

  it.each(exchanges)("$name: its official client reads what the bytes say", async (exchange) => {
    const reading = reader.withClient(exchange);
    const limit = clientLimits.find(({ of }) => of(exchange));
    if (limit) await expect(reading, limit.reason).rejects.toThrow(limit.error);
    else expect(await reading).toEqual(readRaw(exchange));
  });
});

/** Recordings that an official client cannot read. What the bytes say then decides alone. */
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
