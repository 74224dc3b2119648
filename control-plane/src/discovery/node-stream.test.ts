import { describe, expect, it } from "vitest";
import {
  type NodeMessage,
  type NodeStream,
  nextStep,
  openNodeStream,
  receive,
  sent,
} from "./node-stream.ts";

const greeting = openNodeStream(0);
const settled: NodeStream = { phase: "settled" };
const delta = sent({ fromVersion: 3, version: 5 }, { nonce: "7", nowMs: 0 });
const full = sent({ fromVersion: 0, version: 5 }, { nonce: "7", nowMs: 0 });

describe("receive()", () => {
  type Row = { name: string; state: NodeStream; message: NodeMessage; outcome: string };
  const ack = (nonce: string, version: number): NodeMessage => ({ type: "ack", nonce, version });
  const nack = (nonce: string, version: number): NodeMessage => ({ type: "nack", nonce, version });
  const rows: Row[] = [
    { name: "a hello", state: greeting, message: { type: "hello" }, outcome: "greeted" },
    { name: "a second hello", state: settled, message: { type: "hello" }, outcome: "violation" },
    { name: "an ACK before hello", state: greeting, message: ack("7", 5), outcome: "violation" },
    { name: "the ACK", state: delta, message: ack("7", 5), outcome: "acked" },
    {
      name: "the ACK of another version",
      state: delta,
      message: ack("7", 4),
      outcome: "violation",
    },
    { name: "an older nonce", state: delta, message: ack("6", 3), outcome: "stale" },
    {
      name: "an answer when nothing was asked",
      state: settled,
      message: nack("7", 3),
      outcome: "stale",
    },
    { name: "the NACK", state: delta, message: nack("7", 3), outcome: "nacked" },
    {
      name: "the NACK of a node that has something else",
      state: delta,
      message: nack("7", 2),
      outcome: "violation",
    },
    {
      name: "the NACK of a full snapshot, whatever it has",
      state: full,
      message: nack("7", 2),
      outcome: "nacked",
    },
  ];
  it.each(rows)("takes $name as $outcome", ({ state, message, outcome }) => {
    expect(receive(state, message).outcome).toBe(outcome);
  });
});

describe("nextStep()", () => {
  const nothing = () => ({ isDue: false, untilMs: 70 });
  const something = () => ({ isDue: true, untilMs: 70 });
  it.each([
    {
      name: "waits for a hello",
      state: greeting,
      due: something,
      ms: 9_999,
      step: { action: "wait", untilMs: 10_000 },
    },
    {
      name: "gives up on a hello",
      state: greeting,
      due: something,
      ms: 10_000,
      step: { action: "drop", reason: "no_hello" },
    },
    {
      name: "waits for an ACK, whatever is due",
      state: delta,
      due: something,
      ms: 29_999,
      step: { action: "wait", untilMs: 30_000 },
    },
    {
      name: "gives up on an ACK",
      state: delta,
      due: something,
      ms: 30_000,
      step: { action: "drop", reason: "no_ack" },
    },
    { name: "sends what is due", state: settled, due: something, ms: 0, step: { action: "send" } },
    {
      name: "waits until something is due",
      state: settled,
      due: nothing,
      ms: 0,
      step: { action: "wait", untilMs: 70 },
    },
  ])("$name", ({ state, due, ms, step }) => {
    expect(nextStep(state, due, ms)).toEqual(step);
  });
});
