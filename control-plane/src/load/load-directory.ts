import type { admin } from "@headgate/proto";
import { type LoadHistory, loadOf, withSample } from "./load-history.ts";
import type { LoadSample } from "./load-sample.ts";

export interface NodeName {
  readonly region: string;
  readonly name: string;
}

/** `late`: it came twice or was overtaken. `refused`: there are too many nodes. */
export type Reception = "taken" | "late" | "refused";

interface KnownNode {
  readonly history: LoadHistory;
  /** When the latest report came, on our monotonic clock: nodes' clocks may be wrong. */
  readonly heardMs: number;
}

/** Ten reports. After that nobody knows how the node is doing. */
const staleAfterMs = 10_000;
const nodesMax = 20_000;

/** How nodes are doing, as they reported lately. Pure bookkeeping; `nowMs` never goes back. */
export class LoadDirectory {
  readonly #nodesMax: number;
  /** The one heard of last at the end. */
  readonly #nodes = new Map<string, KnownNode>();

  constructor({ nodesMax: most = nodesMax } = {}) {
    this.#nodesMax = most;
  }

  receive(node: NodeName, sample: LoadSample, nowMs: number): Reception {
    this.#forgetStale(nowMs);
    const key = keyOf(node);
    const known = this.#nodes.get(key);
    if (!known && this.#nodes.size >= this.#nodesMax) return "refused";
    const history = withSample(known?.history, sample);
    if (!history) return "late";
    this.#nodes.delete(key);
    this.#nodes.set(key, { history, heardMs: nowMs });
    return "taken";
  }

  /** Undefined if it has not reported lately. */
  loadOf(node: NodeName, nowMs: number): admin.NodeLoad | undefined {
    this.#forgetStale(nowMs);
    const known = this.#nodes.get(keyOf(node));
    return known && loadOf(known.history);
  }

  /** How many have reported lately. */
  size(nowMs: number): number {
    this.#forgetStale(nowMs);
    return this.#nodes.size;
  }

  #forgetStale(nowMs: number): void {
    for (const [key, { heardMs }] of this.#nodes) {
      if (nowMs - heardMs <= staleAfterMs) return;
      this.#nodes.delete(key);
    }
  }
}

function keyOf({ region, name }: NodeName): string {
  return `${region}/${name}`;
}
