import { isRecord } from "./is-record.ts";

/** The value if it is a JSON object, else one without members. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
