import { describe, expect, it } from "vitest";
import type { Entry, Transaction } from "../store/store.ts";
import { type ResealBatchesOptions, resealBatches } from "./reseal-batches.ts";

describe("resealBatches()", () => {
  it("leaves room for a fence in each transaction, however many entries come at once", async () => {
    const { options, tried } = recording();
    expect(await resealBatches(entries(250), options)).toEqual({
      resealed: 250,
      conflicts: 0,
      finished: true,
    });
    expect(tried.map(({ writes }) => writes.length)).toEqual([100, 100, 50]);
  });

  it("begins no batch once it was told to stop", async () => {
    const stop = new AbortController();
    const { options, tried } = recording();
    const pause = async () => stop.abort();
    const result = await resealBatches(entries(250), { ...options, pause, signal: stop.signal });
    expect(result).toEqual({ resealed: 100, conflicts: 0, finished: false });
    expect(tried).toHaveLength(1);
  });

  it("does nothing for nothing", async () => {
    const { options, tried } = recording();
    expect(await resealBatches([], options)).toEqual({ resealed: 0, conflicts: 0, finished: true });
    expect(tried).toEqual([]);
  });
});

function recording() {
  const tried: Transaction[] = [];
  const options: ResealBatchesOptions = {
    transact: async (transaction) => {
      tried.push(transaction);
      return { ok: true, revision: tried.length };
    },
    pause: async () => {},
  };
  return { options, tried };
}

function entries(count: number): readonly Entry[] {
  return Array.from({ length: count }, (_, at) => ({
    key: `/resources/a/${at}`,
    value: Uint8Array.of(at & 255),
    revision: at + 1,
    createRevision: at + 1,
  }));
}
