import type { ChildProcess } from "node:child_process";
import type { Children } from "../process/children.ts";
import type { Command, LoadResult, Reply } from "./commands.ts";

/** Share of requests that may fail before a figure means nothing. */
const failedShareMax = 0.001;

/** The load generator as the benchmarks see it. */
export class LoadClient {
  readonly #children: Children;
  readonly #child: ChildProcess;
  readonly #ended: Promise<undefined>;
  #lastId = 0;

  constructor(children: Children) {
    this.#children = children;
    this.#child = children.fork(new URL("load-generator.ts", import.meta.url));
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", () => resolve(undefined));
    });
  }

  /** @throws Error if more than one request in a thousand failed. */
  async run(command: Command): Promise<LoadResult> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#child.send({ id, command });
    const result = await this.#reply(id);
    const { completed, failed, failure } = result;
    if (failed > (completed + failed) * failedShareMax) {
      throw new Error(`${failed} of ${completed + failed} requests failed: ${failure}`);
    }
    return result;
  }

  /** Commands run one at a time, so the next reply is the one. */
  async #reply(id: number): Promise<LoadResult> {
    const message = await Promise.race([this.#nextMessage(), this.#ended]);
    if (!isReply(message) || message.id !== id) {
      throw new Error(`the load generator ended: ${this.#children.stderrOf(this.#child)}`);
    }
    if ("error" in message) throw new Error(message.error);
    return message.result;
  }

  #nextMessage(): Promise<unknown> {
    return new Promise((resolve) => {
      this.#child.once("message", resolve);
    });
  }
}

function isReply(message: unknown): message is Reply {
  return typeof message === "object" && message !== null && "id" in message;
}
