import type { CallIds } from "../call-ids.ts";
import type { Dropped } from "../dropped.ts";
import type { ModelTraits } from "./model-traits.ts";

/** A content block of Converse, or another of its objects with one member that says which kind it is. */
export type Block = Readonly<Record<string, unknown>>;

/** What the parts of one translation share. */
export interface Translating {
  readonly traits: ModelTraits;
  readonly ids: CallIds;
  /** Taken names: each document has its own. */
  readonly documentNames: Set<string>;
  readonly dropped: Dropped;
}
