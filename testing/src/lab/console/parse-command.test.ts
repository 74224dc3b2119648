import { describe, expect, it } from "vitest";
import { type Command, helpText, parseCommand } from "./parse-command.ts";

describe("parseCommand()", () => {
  const dropped = { mode: "drop", oneWay: false } as const;

  it.each<{ line: string; command: Command }>([
    { line: "", command: { kind: "nothing" } },
    { line: "  status ", command: { kind: "status" } },
    { line: "exit", command: { kind: "quit" } },
    { line: "cut eu us", command: { kind: "cut", a: "eu", b: "us", cut: dropped } },
    { line: "cut eu us drop", command: { kind: "cut", a: "eu", b: "us", cut: dropped } },
    { line: "cut eu", command: { kind: "cut", a: "eu", cut: dropped } },
    {
      line: "cut node/eu etcd reset",
      command: { kind: "cut", a: "node/eu", b: "etcd", cut: { mode: "reset", oneWay: false } },
    },
    {
      line: "cut eu us one-way",
      command: { kind: "cut", a: "eu", b: "us", cut: { mode: "drop", oneWay: true } },
    },
    { line: "heal", command: { kind: "heal" } },
    { line: "heal eu us", command: { kind: "heal", a: "eu", b: "us" } },
    { line: "slow eu us off", command: { kind: "slow", a: "eu", b: "us", shape: undefined } },
    {
      line: "slow eu us 80ms",
      command: { kind: "slow", a: "eu", b: "us", shape: { latencyMs: 80, jitterMs: 0 } },
    },
    {
      line: "slow eu us 80 20 500KB/s",
      command: {
        kind: "slow",
        a: "eu",
        b: "us",
        shape: { latencyMs: 80, jitterMs: 20, bytesPerSecond: 500_000 },
      },
    },
    { line: "kill node/eu/2", command: { kind: "kill", place: "node/eu/2" } },
    { line: "start etcd", command: { kind: "start", place: "etcd" } },
    { line: "logs nats/eu", command: { kind: "logs", place: "nats/eu", lines: 20 } },
    { line: "logs nats/eu 5", command: { kind: "logs", place: "nats/eu", lines: 5 } },
    { line: "load on", command: { kind: "load", perSecond: 10 } },
    { line: "load on 2.5/s", command: { kind: "load", perSecond: 2.5 } },
    { line: "load off", command: { kind: "load", perSecond: undefined } },
    { line: "wait 5s", command: { kind: "wait", seconds: 5 } },
  ])("understands: $line", ({ line, command }) => {
    expect(parseCommand(line)).toEqual(command);
  });

  it.each([
    { line: "destroy eu", says: 'there is no command "destroy": see help' },
    { line: "cut", says: "that is not how cut goes: cut A B [reset] [one-way]" },
    { line: "cut a b c", says: "not how cut goes" },
    { line: "cut a b reset one-way", says: "not how cut goes" },
    { line: "cut a one-way", says: "not how cut goes" },
    { line: "heal a", says: "that is not how heal goes: heal [A B]" },
    { line: "slow a b", says: "that is not how slow goes: slow A B MS" },
    { line: "slow a b soon", says: "not how slow goes" },
    { line: "slow a b 5 -1", says: "not how slow goes" },
    { line: "kill", says: "that is not how kill goes: kill P" },
    { line: "resume a b", says: "that is not how resume goes: kill P" },
    { line: "status eu", says: "that is not how status goes: status" },
    { line: "logs", says: "that is not how logs goes" },
    { line: "logs a 0", says: "that is not how logs goes" },
    { line: "load", says: "that is not how load goes: load on [CALLS_PER_S]" },
    { line: "load on fast", says: "not how load goes" },
    { line: "load on 0", says: "not how load goes" },
    { line: "wait", says: "that is not how wait goes: wait SECONDS" },
    { line: "wait 99999", says: "not how wait goes" },
  ])("says how it goes instead of: $line", ({ line, says }) => {
    const command = parseCommand(line);
    expect(command).toMatchObject({ kind: "mistake", message: expect.stringContaining(says) });
  });

  it("has a help no wider than a terminal of 120 columns", () => {
    for (const line of helpText.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});
