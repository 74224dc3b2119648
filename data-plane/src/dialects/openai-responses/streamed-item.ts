import type { Json } from "../members.ts";

/** Takes one event, less its number. */
export type Emit = (event: Json & { readonly type: string }) => void;

/** An output item that is written as it comes. */
export interface StreamedItem {
  readonly closed: boolean;
  /** Tells that there is a new item. */
  open(): void;
  /** Tells all of it again, as a whole. */
  close(status: "completed" | "incomplete"): void;
  /** The item so far. */
  item(): Json;
}
