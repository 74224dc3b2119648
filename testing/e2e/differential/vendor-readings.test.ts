import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { servable, vendorKinds, vendorOf } from "@headgate/testing/vendor-readings";
import { expect, it } from "vitest";
import { proveRead } from "./prove-read.ts";

describeExchanges("what recorded answers say", (library) => {
  const exchanges = library
    .list({ kinds: vendorKinds, where: (exchange) => vendorOf(exchange) !== undefined })
    .map(servable);

  it("are of every vendor, whole and streamed", () => {
    const kinds = exchanges.map((e) => `${vendorOf(e)?.name} ${e.stream ? "stream" : "whole"}`);
    expect(new Set(kinds).size).toBe(10);
    expect(exchanges.length).toBeGreaterThan(300);
  });

  proveRead(exchanges);
});
