import { invalidArgument } from "./admin-errors.ts";

const defaultPageSize = 100;
const pageSizeMax = 1000;

/** @throws ConnectError INVALID_ARGUMENT beyond 1000. 0 is the usual. */
export function pageSizeOf(given: number): number {
  if (given <= pageSizeMax) return given || defaultPageSize;
  throw invalidArgument(`page_size must be at most ${pageSizeMax}, not ${given}`);
}
