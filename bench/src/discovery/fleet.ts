import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Children } from "../process/children.ts";
import type { FleetAnswer, FleetRequest } from "./fleet-messages.ts";

/** The nodes, in a few processes. */
export class Fleet {
  readonly #processes: readonly ChildProcess[];
  readonly #children: Children;

  constructor(children: Children, count: number) {
    const program = new URL("./fleet-process.ts", import.meta.url);
    this.#children = children;
    this.#processes = Array.from({ length: count }, () => children.fork(program));
  }

  async connect(options: {
    readonly origin: string;
    readonly nodes: number;
    readonly acceptsGzip: boolean;
  }) {
    const { origin, acceptsGzip } = options;
    const count = Math.ceil(options.nodes / this.#processes.length);
    return this.#ask(
      (n) => ({ type: "connect", origin, acceptsGzip, from: n * count, count }),
      "connected",
    );
  }

  async reset(): Promise<void> {
    await this.#ask(() => ({ type: "reset" }), "reset");
  }

  async report() {
    return this.#ask(() => ({ type: "report" }), "report");
  }

  async reconnect(nodes: number) {
    const count = Math.ceil(nodes / this.#processes.length);
    return this.#ask(() => ({ type: "reconnect", count }), "reconnected");
  }

  async #ask<T extends FleetAnswer["type"]>(
    request: (index: number) => FleetRequest,
    type: T,
  ): Promise<readonly Extract<FleetAnswer, { type: T }>[]> {
    return Promise.all(
      this.#processes.map(async (child, index) => {
        const answered = once(child, "message");
        child.send(request(index));
        const answer = await Promise.race([answered, this.#ended(child)]);
        const message: FleetAnswer = answer[0];
        if (message.type !== type) throw new Error(`asked for ${type}, got ${message.type}`);
        // Just checked; the compiler does not narrow by a type parameter.
        return message as Extract<FleetAnswer, { type: T }>;
      }),
    );
  }

  async #ended(child: ChildProcess): Promise<never> {
    await once(child, "exit");
    throw new Error(`a process full of nodes ended: ${this.#children.stderrOf(child)}`);
  }
}
