import { InvalidArgumentError } from "commander";

const portMax = 65_535;

/** 0 asks for a free port. */
export function parsePort(text: string): number {
  const port = wholeNumber(text);
  if (port === undefined || port > portMax) {
    throw new InvalidArgumentError("A port is a whole number from 0 (any free one) to 65535.");
  }
  return port;
}

/** Threads; the bound is far above what any machine of today gains from. */
const workersMax = 256;

export function parseWorkers(text: string): number {
  const workers = wholeNumber(text);
  if (workers === undefined || workers < 1 || workers > workersMax) {
    throw new InvalidArgumentError(`Workers are a whole number from 1 to ${workersMax}.`);
  }
  return workers;
}

export function parseServer(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return text;
  throw new InvalidArgumentError("A server is a URL such as http://127.0.0.1:8081.");
}

/** `a,b` and repeated flags both make lists. */
export function collectNames(text: string, before: readonly string[] = []): readonly string[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return [...before, ...names];
}

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

export function parseLogLevel(text: string): string {
  if (levels.includes(text)) return text;
  throw new InvalidArgumentError(`Allowed are ${levels.join(", ")}.`);
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `30m` as milliseconds. Here, and not by the configuration's parser: that takes long to load. */
export function parseDurationMs(text: string): number {
  const [, count, unit = ""] = /^(\d{1,9})([smh])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms > 0) return ms;
  throw new InvalidArgumentError(
    'A duration is a number and a unit, such as "30s", "15m" or "24h".',
  );
}

const limitMax = 100_000;

export function parseLimit(text: string): number {
  const limit = wholeNumber(text);
  if (limit === undefined || limit < 1 || limit > limitMax) {
    throw new InvalidArgumentError(`It is a whole number from 1 to ${limitMax}.`);
  }
  return limit;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
