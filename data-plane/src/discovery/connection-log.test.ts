import { Code, ConnectError } from "@connectrpc/connect";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { ConnectionLog } from "./connection-log.ts";

const minute = 60_000;

function makeLog({ hasSnapshot = true } = {}) {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  let nowMs = 0;
  const clock = {
    now: () => nowMs,
    wallTimeMs: () => nowMs,
    sleep: async () => {},
    every: () => ({ [Symbol.dispose]: () => {} }),
  };
  const log = new ConnectionLog({
    ...{ clock, logger: pino({ base: null }, stream), hasSnapshot: () => hasSnapshot },
    endpoints: ["https://a:18000", "http://b:18000"],
  });
  const fail = (index: number, text = "refused", headers = {}) =>
    log.disconnected({
      reason: new ConnectError(text, Code.Internal, headers),
      ...{ pauseMs: 1.4, index },
    });
  const advance = (ms: number): void => {
    nowMs += ms;
  };
  return { log, lines, fail, advance };
}

describe("ConnectionLog", () => {
  it("tells each trouble of each endpoint once, and again when it lasts", () => {
    const { lines, fail, advance } = makeLog();
    for (let second = 0; second < 9 * 60; second += 10) {
      fail(0);
      fail(1);
      advance(10_000);
    }
    expect(lines.map(({ endpoint }) => endpoint)).toEqual(["https://a:18000", "http://b:18000"]);
    advance(minute);
    fail(0);
    fail(1, "another");
    expect(lines.slice(2)).toMatchObject([
      { level: 40, endpoint: "https://a:18000", reason: "[internal] refused", pause_ms: 1 },
      { level: 40, endpoint: "http://b:18000", reason: "[internal] another" },
    ]);
  });

  it("tells a trouble that comes back after a connection", () => {
    const { log, lines, fail } = makeLog();
    fail(0);
    log.connected(0);
    fail(0);
    expect(lines.map(({ level, endpoint }) => [level, endpoint])).toEqual([
      [40, "https://a:18000"],
      [30, "https://a:18000"],
      [40, "https://a:18000"],
    ]);
  });

  it("does not warn of a stream that was ended on purpose", () => {
    const { lines, fail } = makeLog();
    fail(0, "the stream is old", { "x-headgate-retry-after-ms": "0" });
    expect(lines).toMatchObject([
      { level: 30, msg: "the control plane ended the stream; connecting again" },
    ]);
  });

  it.each([
    { name: "there is a snapshot", hasSnapshot: true, says: /serving goes on/ },
    { name: "there is none", hasSnapshot: false, says: /calls are refused/ },
  ])("says what becomes of calls when $name", ({ hasSnapshot, says }) => {
    const { lines, fail } = makeLog({ hasSnapshot });
    fail(0);
    expect(lines[0]?.["msg"]).toMatch(says);
  });

  it.each([
    { name: "certificates", index: 0, text: "self-signed certificate", hint: /tls\.ca/ },
    { name: "another port", index: 0, text: "alert no application protocol", hint: /listen\.grpc/ },
    { name: "a port without TLS", index: 0, text: "wrong version number", hint: /http:\/\// },
    { name: "a port with TLS", index: 1, text: "error code CANCEL (0x8)", hint: /https:\/\// },
    { name: "nothing else", index: 0, text: "connect ECONNREFUSED", hint: undefined },
  ])("hints at $name", ({ index, text, hint }) => {
    const { lines, fail } = makeLog();
    fail(index, text);
    if (hint) expect(lines[0]?.["hint"]).toMatch(hint);
    else expect(lines[0]).not.toHaveProperty("hint");
  });

  it("adds no hint to what the control plane itself says", () => {
    const { log, lines } = makeLog();
    const reason = new ConnectError("the certificate has expired", Code.Unauthenticated);
    log.disconnected({ reason, pauseMs: 0, index: 0 });
    expect(lines[0]).not.toHaveProperty("hint");
  });
});
