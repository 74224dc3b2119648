import type { Shape } from "../../links/index.ts";
import type { LabCut } from "../lab-links.ts";

/** What a line asks for. */
export type Command =
  | { readonly kind: "cut"; readonly a: string; readonly b?: string; readonly cut: LabCut }
  | { readonly kind: "heal"; readonly a?: string; readonly b?: string }
  | {
      readonly kind: "slow";
      readonly a: string;
      readonly b: string;
      readonly shape: Shape | undefined;
    }
  | { readonly kind: "kill" | "stop" | "start" | "pause" | "resume"; readonly place: string }
  | { readonly kind: "logs"; readonly place: string; readonly lines: number }
  | { readonly kind: "load"; readonly perSecond: number | undefined }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "status" | "map" | "help" | "quit" | "nothing" }
  | { readonly kind: "mistake"; readonly message: string };

export const helpText = `
  cut A B [reset] [one-way]   lose all that goes between A and B; reset: end connections, refuse new ones;
                              one-way: lose only what A sends to B
  cut A                       cut a region off from the others
  slow A B MS [JITTER_MS] [KB_PER_S]          slow A B off
  heal [A B]                  no cuts, nothing slow: everywhere, or between two
  kill P   stop P   start P   pause P   resume P      SIGKILL, SIGTERM, again, SIGSTOP, SIGCONT
  status   map   logs PART [LINES]
  load on [CALLS_PER_S]   load off            call every node; a line per second, a report at the end
  wait SECONDS   help   quit

  A, B and P are places: a region (eu-west), a kind (etcd, nats, control-plane, node, provider), a kind in
  a region (node/eu-west), for A and B also outside (you).
`;

const loadDefault = 10;
const linesDefault = 20;
const waitMaxS = 3_600;

/** Never throws: a line that makes no sense is a mistake with what would. */
export function parseCommand(line: string): Command {
  const [word = "", ...rest] = line.trim().split(/\s+/);
  switch (word) {
    case "":
      return { kind: "nothing" };
    case "status":
    case "map":
    case "help":
    case "quit":
      return rest.length === 0 ? { kind: word } : mistake(word);
    case "exit":
      return { kind: "quit" };
    case "kill":
    case "stop":
    case "start":
    case "pause":
    case "resume":
      return onePlace(word, rest);
    case "cut":
      return parseCut(rest);
    case "heal":
      return parseHeal(rest);
    case "slow":
      return parseSlow(rest);
    case "logs":
      return parseLogs(rest);
    case "load":
      return parseLoad(rest);
    case "wait":
      return parseWait(rest);
    default:
      return { kind: "mistake", message: `there is no command "${word}": see help` };
  }
}

function onePlace(kind: "kill" | "stop" | "start" | "pause" | "resume", rest: string[]): Command {
  const [place, ...more] = rest;
  return place === undefined || more.length > 0 ? mistake(kind) : { kind, place };
}

function parseCut(words: readonly string[]): Command {
  const isFlag = (word: string) => word === "reset" || word === "drop" || word === "one-way";
  const [a, b, ...more] = words.filter((word) => !isFlag(word));
  if (a === undefined || more.length > 0) return mistake("cut");
  const oneWay = words.includes("one-way");
  const mode = words.includes("reset") ? "reset" : "drop";
  if (oneWay && (mode === "reset" || b === undefined)) return mistake("cut");
  return { kind: "cut", a, ...(b !== undefined && { b }), cut: { mode, oneWay } };
}

function parseHeal(words: readonly string[]): Command {
  const [a, b, ...more] = words;
  if (a === undefined) return { kind: "heal" };
  return b === undefined || more.length > 0 ? mistake("heal") : { kind: "heal", a, b };
}

function parseSlow([a, b, latency, jitter, bandwidth, ...more]: readonly string[]): Command {
  if (a === undefined || b === undefined || latency === undefined || more.length > 0) {
    return mistake("slow");
  }
  if (latency === "off") return { kind: "slow", a, b, shape: undefined };
  const latencyMs = amount(latency, "ms");
  const jitterMs = jitter === undefined ? 0 : amount(jitter, "ms");
  const kbPerS = bandwidth === undefined ? undefined : amount(bandwidth, "kb/s");
  if (Number.isNaN(latencyMs + jitterMs + (kbPerS ?? 0))) return mistake("slow");
  const shape = { latencyMs, jitterMs, ...(kbPerS && { bytesPerSecond: kbPerS * 1_000 }) };
  return { kind: "slow", a, b, shape };
}

function parseLogs([place, lines = `${linesDefault}`, ...more]: readonly string[]): Command {
  const count = amount(lines, "");
  if (place === undefined || !(count >= 1) || more.length > 0) return mistake("logs");
  return { kind: "logs", place, lines: count };
}

function parseLoad([state, rate = `${loadDefault}`, ...more]: readonly string[]): Command {
  if (state === "off") return { kind: "load", perSecond: undefined };
  const perSecond = amount(rate, "/s");
  if (state !== "on" || !(perSecond > 0) || more.length > 0) return mistake("load");
  return { kind: "load", perSecond };
}

function parseWait([time = "", ...more]: readonly string[]): Command {
  const seconds = amount(time, "s");
  if (!(seconds >= 0 && seconds <= waitMaxS) || more.length > 0) return mistake("wait");
  return { kind: "wait", seconds };
}

/** A plain number, with its unit or without; else NaN. */
function amount(text: string, unit: string): number {
  const digits =
    unit !== "" && text.toLowerCase().endsWith(unit) ? text.slice(0, -unit.length) : text;
  return /^\d+(\.\d+)?$/.test(digits) ? Number(digits) : Number.NaN;
}

/** The line of the help that the command is on. */
function mistake(word: string): Command {
  const usage = helpText.split("\n").find((line) => line.trim().split(/\s+/).includes(word)) ?? "";
  return { kind: "mistake", message: `that is not how ${word} goes: ${usage.trim()}` };
}
