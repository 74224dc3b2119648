/** A program that writes to the store it is given until it is killed, telling what was acknowledged. */
import { writeSync } from "node:fs";
import { systemClock } from "@headgate/core";
import { createEmbeddedStore } from "./embedded-store.ts";

const store = createEmbeddedStore({ path: process.argv[2] ?? "", clock: systemClock });
for (let count = 0; ; count++) {
  const value = new TextEncoder().encode(String(count));
  const { revision } = await store.transact({
    writes: [
      { type: "put", key: `/left/${count}`, value },
      { type: "put", key: `/right/${count}`, value },
    ],
  });
  writeSync(1, `${count} ${revision}\n`);
}
