import { systemClock } from "@headgate/core";
import { Agent } from "undici";
import { prepareCall } from "./call.ts";
import type { Hold, LoadResult } from "./commands.ts";
import { Tally } from "./tally.ts";

/** Connections being opened at a time, below the backlog of every peer. */
const openingMax = 100;

/** Streams that stay open, reading what comes, until they are released. */
export class HeldStreams {
  readonly #agents = new Set<Agent>();

  /** Resolves when every stream has brought its first bytes or failed. */
  async open(load: Hold): Promise<LoadResult> {
    const agent = new Agent({ connections: null, bodyTimeout: 0, headersTimeout: load.openMaxMs });
    this.#agents.add(agent);
    const { options } = prepareCall(agent, load.target, load.shape);
    const tally = new Tally();
    const endMs = systemClock.now() + load.openMaxMs;
    let started = 0;

    async function opener(): Promise<void> {
      while (started < load.streams) {
        started += 1;
        if (systemClock.now() < endMs) await openOne();
        else tally.fail(`not opened within ${load.openMaxMs} ms`);
      }
    }

    async function openOne(): Promise<void> {
      try {
        const { statusCode, body } = await agent.request({
          ...options,
          origin: load.target.origin,
        });
        if (statusCode !== 200) return tally.fail(`status ${statusCode}`);
        await firstBytes(body);
        tally.complete(1, 1);
      } catch (error) {
        tally.fail(String(error));
      }
    }

    await Promise.all(Array.from({ length: openingMax }, opener));
    return tally.result();
  }

  /** Aborts them all, as clients that have lost interest do. */
  async release(): Promise<LoadResult> {
    await Promise.all([...this.#agents].map((agent) => agent.destroy()));
    this.#agents.clear();
    return new Tally().result();
  }
}

function firstBytes(body: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stay as listeners: the stream goes on flowing, and its abort at release is no surprise.
    body.on("data", () => resolve());
    body.on("error", reject);
    body.on("end", () => reject(new Error("the stream ended early")));
  });
}
