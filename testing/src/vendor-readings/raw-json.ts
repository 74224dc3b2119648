import { isRecord } from "@headgate/core";

/** A member of what may not even be an object. */
export function member(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

export function text(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === "string" ? found : "";
}

export function count(value: unknown, name: string): number {
  const found = member(value, name);
  return typeof found === "number" ? found : 0;
}

export function list(value: unknown, name: string): readonly unknown[] {
  const found = member(value, name);
  return Array.isArray(found) ? found : [];
}

/** The data of each event of a stream, parsed; `[DONE]` is none. */
export function sseData(body: string): readonly unknown[] {
  return body
    .split(/\r?\n\r?\n/)
    .map((event) => [...event.matchAll(/^data: ?(.*)$/gm)].map(([, data]) => data).join("\n"))
    .filter((data) => data !== "" && data.trim() !== "[DONE]")
    .map((data): unknown => JSON.parse(data));
}
