import { describe, expect, it } from "vitest";
import { deliveryFrom } from "./delivery.ts";

const context = { nowMs: 100, ackWaitMs: 50 };

describe("delivery", () => {
  it.each([
    { name: "as 2.9 has it", reply: "$JS.ACK.USAGE.ledger.2.7.9.1795536912191485509.4" },
    {
      name: "with domain and account",
      reply: "$JS.ACK.hub.ACC.USAGE.ledger.2.7.9.1795536912191485509.4",
    },
    {
      name: "with a random last token",
      reply: "$JS.ACK.hub.ACC.USAGE.ledger.2.7.9.1795536912191485509.4.xyz",
    },
  ])("is read $name", ({ reply }) => {
    const expected = { sequence: 7, deliveries: 2, dueMs: 150, reply, subject: "a" };
    expect(deliveryFrom(message(reply), context)).toMatchObject(expected);
  });

  it.each([undefined, "", "_INBOX.abc", "$JS.ACK.USAGE.ledger.x.7.9.1.4"])(
    "is none with reply %j",
    (reply) => {
      expect(deliveryFrom(message(reply), context)).toBeUndefined();
    },
  );

  it("keeps its bytes when those of the connection change", () => {
    const arrived = message("$JS.ACK.USAGE.ledger.1.1.1.1.0");
    const delivery = deliveryFrom(arrived, context);
    arrived.data.fill(0);
    expect(delivery?.data).toEqual(new Uint8Array([1, 2]));
  });
});

function message(reply: string | undefined) {
  return { subject: "a", data: Buffer.from([1, 2]), ...(reply === undefined ? {} : { reply }) };
}
