/**
 * A candidate in a process of its own, over a real etcd, that tests stop and kill. Prints a line of
 * JSON whenever it begins or ceases to lead. For each line on its standard input it tries to write
 * under its first leadership, by the rules and past them, and prints what came of it.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { systemClock, systemRandom } from "@headgate/core";
import { pino } from "pino";
import { createEtcdStore } from "../store/etcd/etcd-store.ts";
import { createElector } from "./elector.ts";
import type { Leadership } from "./leadership.ts";

const [host = "", prefix = "", name = ""] = process.argv.slice(2);
const store = createEtcdStore({ hosts: [host], prefix, clock: systemClock });
const elector = createElector({
  store,
  clock: systemClock,
  random: systemRandom,
  logger: pino({ level: "silent" }),
  scope: "global",
  candidate: { name },
});

let first: Leadership | undefined;
let isLeader: boolean | undefined;
systemClock.every(10, tellChange);
elector.start();
createInterface({ input: process.stdin }).on("line", () => void tryToWrite());

function tellChange(): void {
  const status = elector.status();
  first ??= elector.leadership;
  if (status.isLeader === isLeader) return;
  isLeader = status.isLeader;
  tell({ msg: "changed", isLeader, epoch: status.epoch });
}

async function tryToWrite(): Promise<void> {
  if (!first) return;
  const value = new TextEncoder().encode(name);
  const writes = [{ type: "put", key: "/work", value }] as const;
  const isValid = first.isValid();
  const byTheRules = await first.transact({ writes }).then(
    ({ ok }) => (ok ? "written" : "conflict"),
    (error) => (error instanceof Error ? error.name : "failed"),
  );
  const { ok } = await store.transact({ writes, compare: [first.compare] });
  tell({ msg: "wrote", isValid, byTheRules, pastThem: ok ? "written" : "conflict" });
}

function tell(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
