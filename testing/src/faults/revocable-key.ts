import { randomBytes } from "node:crypto";
import { AlreadyExistsError } from "@headgate/sdk";
import type { Lab } from "../lab/index.ts";
import type { PlanePart } from "../lab/parts/plane-part.ts";
import { statusForKey } from "./node-state.ts";
import { throughAnyReplica } from "./through-any-replica.ts";
import { until } from "./until.ts";

/** A key that applications hold until it is revoked. */
export class RevocableKey {
  readonly name: string;
  readonly #lab: Lab;
  readonly #secret = `sk-hg-${randomBytes(16).toString("hex")}`;
  #revokedMs: number | undefined;

  private constructor(lab: Lab, name: string) {
    this.#lab = lab;
    this.name = name;
  }

  /** Known at every node. */
  static async create(lab: Lab, name: string): Promise<RevocableKey> {
    const key = new RevocableKey(lab, name);
    await throughAnyReplica(lab, `key ${name} to be created`, async (client) => {
      await client.createKey({ key: { name, secret: key.#secret } }).catch((error: unknown) => {
        if (!(error instanceof AlreadyExistsError)) throw error;
      });
    });
    await key.#untilAnswered(200);
    return key;
  }

  get isRevoked(): boolean {
    return this.#revokedMs !== undefined;
  }

  /** Acknowledged when it resolves. */
  async revoke(among?: readonly PlanePart[]): Promise<void> {
    const what = `key ${this.name} to be revoked`;
    const call = { name: this.name };
    await throughAnyReplica(this.#lab, what, (client) => client.revokeKey(call), among);
    this.#revokedMs = performance.now();
  }

  /** Refused at these nodes. Gives the time since it was revoked, in ms. */
  async untilRefused(nodes?: readonly PlanePart[]): Promise<number> {
    if (this.#revokedMs === undefined) throw new Error(`key ${this.name} was not revoked`);
    await this.#untilAnswered(401, nodes);
    return performance.now() - this.#revokedMs;
  }

  async #untilAnswered(status: number, nodes = this.#lab.nodes): Promise<void> {
    await Promise.all(
      nodes.map((node) =>
        until(`${node.name} to answer ${status} to key ${this.name}`, async () => {
          return (await statusForKey(node, this.#secret)) === status;
        }),
      ),
    );
  }
}
