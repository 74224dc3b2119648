import { type AdminClient, createAdminClient } from "@headgate/sdk";
import type { Lab } from "../lab/index.ts";
import type { PlanePart } from "../lab/parts/plane-part.ts";
import { writeFailure } from "./write-failure.ts";
import type { Write, WriteLedger } from "./write-ledger.ts";

/** At each replica. */
const everyMs = 250;
/** More than a replica takes to say that its store is away. */
const timeoutMs = 8_000;
/** Under way at one replica: as many as begin within the timeout. */
const inFlightMax = 40;

/**
 * Creates a team and a key in turn, through every replica at a steady rate, whether or not those
 * before were answered, and writes down what became of each. Tries nothing again.
 */
export class SteadyWriter implements AsyncDisposable {
  readonly #ledger: WriteLedger;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #inFlight = new Set<Promise<void>>();

  constructor(lab: Lab, ledger: WriteLedger) {
    this.#ledger = ledger;
    for (const part of lab.controlPlanes) {
      const client = createAdminClient({
        ...{ server: part.url("admin"), token: lab.adminToken },
        ...{ timeoutMs, attemptsMax: 1 },
      });
      this.#timers.push(this.#lane(part, client));
    }
  }

  /** Begins no more, and waits for those under way. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#inFlight);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #lane({ name: replica }: PlanePart, client: AdminClient): NodeJS.Timeout {
    const underWay = new Set<Promise<void>>();
    let kind: Write["kind"] = "key";
    return setInterval(() => {
      if (underWay.size >= inFlightMax) return;
      kind = kind === "key" ? "team" : "key";
      const work = this.#write(kind, replica, client).finally(() => {
        underWay.delete(work);
        this.#inFlight.delete(work);
      });
      underWay.add(work);
      this.#inFlight.add(work);
    }, everyMs);
  }

  async #write(kind: Write["kind"], replica: string, client: AdminClient): Promise<void> {
    const name = this.#ledger.nextName();
    const begun = { kind, name, replica, startedMs: performance.now() };
    const ended = await createOne(client, kind, name);
    this.#ledger.add({ ...begun, ...ended, endedMs: performance.now() });
  }
}

type Ended = Pick<Write, "outcome" | "code" | "revision">;

async function createOne(client: AdminClient, kind: Write["kind"], name: string): Promise<Ended> {
  try {
    const { metadata } =
      kind === "team"
        ? await client.createTeam({ team: { name } })
        : ((await client.createKey({ key: { name } })).key ?? {});
    return { outcome: "acknowledged", code: "", revision: Number(metadata?.revision ?? 0) };
  } catch (error) {
    return { ...writeFailure(error), revision: 0 };
  }
}
