import { stringify } from "yaml";
import type { Io } from "../io.ts";

/** `value` as JSON or YAML on standard output. */
export function printStructured(io: Io, format: "json" | "yaml", value: unknown): void {
  io.stdout.write(format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value));
}
